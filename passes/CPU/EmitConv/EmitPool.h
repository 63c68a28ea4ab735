/// The family of poolings: the largest number or the sum of each window, with its padding
/// and what is fused behind it. They run through the loops of depthwise convolutions.
#pragma once

#include "passes/CPU/KernelEmitter.h"

#include "mlir/IR/AffineMap.h"

#include <optional>

namespace pleat {

/// Whether `kernel` is a window reduction (see WindowReduction.h) over rows that lie
/// contiguous in memory, with an elementwise epilogue at most.
bool appliesEmitPool(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitPool(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level);

/// The scratch that `kernel` needs to be compiled by this family; see kScratchAttrName.
/// Nothing if it is no such pooling or needs none.
std::optional<mlir::AffineMap> poolScratch(mlir::func::FuncOp kernel);

} // namespace pleat
