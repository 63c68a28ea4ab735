/// The family of attention: one f32 `pleat.attention` that reads and writes through views.
#pragma once

#include "passes/CPU/KernelEmitter.h"

#include "mlir/IR/AffineMap.h"

#include <optional>

namespace pleat {

/// Whether `kernel` is one attention over views of its arguments, returned through views,
/// with the scratch that `attentionScratch` states.
bool appliesEmitAttention(mlir::func::FuncOp kernel, const LevelInfo &level);

/// See KernelEmitter.
llvm::LogicalResult emitAttention(mlir::func::FuncOp kernel, mlir::func::FuncOp machine,
                                  const LevelInfo &level);

/// The bytes of scratch that an attention kernel needs a part (see kScratchAttrName);
/// nothing for other kernels and for those this family cannot compile.
std::optional<mlir::AffineMap> attentionScratch(mlir::func::FuncOp kernel);

} // namespace pleat
