/// The family of convolutions: one `pleat.conv` in f32 with one or two spatial axes, and
/// what is fused behind it. Channels stay first: vectors lie along a row of pixels, weights
/// are read where the model has them, and a row of results is stored as it is computed.
#pragma once

#include "passes/CPU/KernelEmitter.h"

#include "mlir/IR/AffineMap.h"

#include <optional>

namespace pleat {

/// Whether `kernel` is an f32 convolution with static channels and window, whose rows lie
/// contiguous in memory, with an elementwise epilogue at most.
bool appliesEmitConv(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitConv(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level);

/// The scratch that `kernel` needs to be compiled by this family; see kScratchAttrName.
/// Nothing if it is no such convolution or needs none.
std::optional<mlir::AffineMap> convScratch(mlir::func::FuncOp kernel);

} // namespace pleat
