/// The family of dense layers: one `pleat.linear` whose weight is stored in panels of 16
/// columns, with what is fused behind it.
#pragma once

#include "passes/CPU/KernelEmitter.h"

namespace pleat {

/// Whether `kernel` is an f32 linear over a `panel16` weight argument, reading and writing
/// through views, with an elementwise epilogue at most.
bool appliesEmitLinear(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitLinear(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level);

} // namespace pleat
