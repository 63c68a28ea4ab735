/// The family of softmax over rows.
#pragma once

#include "passes/CPU/KernelEmitter.h"

namespace pleat {

/// Whether `kernel` is one f32 softmax with elementwise ops before and behind at most.
bool appliesEmitSoftmax(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitSoftmax(mlir::func::FuncOp kernel, mlir::func::FuncOp machine,
                                const LevelInfo &level);

} // namespace pleat
