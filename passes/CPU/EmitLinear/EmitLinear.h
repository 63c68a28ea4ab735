/// The family of dense layers: one `pleat.linear` whose weight is packed, with what is fused
/// behind it. Panels of f32 have one product (PanelProduct.h); pairs of bf16 have one for
/// tile registers (TileProduct.h) and one for the levels without (WidenedProduct.h).
#pragma once

#include "passes/CPU/KernelEmitter.h"

namespace pleat {

/// Whether `kernel` is an f32 linear over a packed weight argument, reading and writing
/// through views, with an elementwise epilogue at most.
bool appliesEmitLinear(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitLinear(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level);

/// What a linear kernel needs as kScratchAttrName at the most demanding of `levels`; nothing
/// if `kernel` is none or needs none.
std::optional<mlir::AffineMap> linearScratch(mlir::func::FuncOp kernel,
                                             llvm::ArrayRef<const LevelInfo *> levels);

} // namespace pleat
