/// The family of normalisations over rows: `pleat.layer_norm` and `pleat.rms_norm`.
#pragma once

#include "passes/CPU/KernelEmitter.h"

namespace pleat {

/// Whether `kernel` is one f32 norm with elementwise ops before and behind at most.
bool appliesEmitNorm(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitNorm(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level);

} // namespace pleat
