/// The family of rotary position embedding: one f32 `pleat.rotary` that reads and writes
/// through views.
#pragma once

#include "passes/CPU/KernelEmitter.h"

namespace pleat {

/// Whether `kernel` is one rotary embedding over views of its arguments, returned through
/// views, with adjacent elements in each head.
bool appliesEmitRotary(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitRotary(mlir::func::FuncOp kernel, mlir::func::FuncOp machine, const LevelInfo &level);

} // namespace pleat
