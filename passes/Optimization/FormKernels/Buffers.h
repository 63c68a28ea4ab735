/// Copies that make each value of a block computable into one buffer and readable as its
/// readers expect, before kernels are formed.
#pragma once

#include "passes/Analysis/SizeExprs.h"
#include "passes/Utils/SizeValues.h"

namespace pleat {

/// A dense copy of `value`, whose sizes are `shape`, made before `before`: the copying op,
/// whose destination is the op in front of it.
mlir::Operation *copyBefore(mlir::Operation *before, mlir::Value value,
                            llvm::ArrayRef<mlir::AffineExpr> shape, SizeValues &sizeValues);

/// Gives buffers of their own to the values of `block` that need one: those that leave it,
/// rows that are appended to a state, and what is read of a state under another shape.
mlir::LogicalResult giveBuffers(mlir::Block &block, SizeExprs &sizes, SizeValues &sizeValues);

} // namespace pleat
