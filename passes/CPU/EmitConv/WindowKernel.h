/// What convolution and pooling kernels share: operands as planes of rows, the epilogue,
/// and the code around the loops.
#pragma once

#include "passes/CPU/EmitConv/ConvPlan.h"
#include "passes/CPU/Utils/Elementwise.h"

#include <optional>

namespace pleat {

/// A kernel that slides windows over planes; views have four axes.
struct WindowKernel {
  mlir::Operation *anchor;
  ConvShape shape;
  StridedView x, result;
  std::optional<unsigned> weight, bias; ///< arguments
  mlir::Value root;                     ///< what is stored
  Elementwise epilogue;                 ///< from the anchor's result to `root`
  Extent resultRows;                    ///< before planes are taken as single rows
};

/// `values` of one or two spatial axes as two; `missing` stands for the first if it is not there.
std::array<int64_t, 2> spatialPair(llvm::ArrayRef<int64_t> values, int64_t missing);

/// `kernel` as one that slides the windows of `shape` over `x` for the result of `anchor`,
/// which only elementwise ops follow. Sizes of the result are filled in here.
std::optional<WindowKernel> matchWindowKernel(mlir::func::FuncOp kernel, mlir::Operation *anchor,
                                              mlir::Value x, const ConvShape &shape);

/// The scratch that `match` needs; nothing if none.
std::optional<mlir::AffineMap> windowScratch(mlir::func::FuncOp kernel,
                                             const std::optional<WindowKernel> &match);

/// Whether `kernel`, which is `match`, declares the scratch it needs.
bool hasWindowScratch(mlir::func::FuncOp kernel, const std::optional<WindowKernel> &match);

/// Fills the body of `machine`.
void emitWindowKernel(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level,
                      const WindowKernel &match);

} // namespace pleat
