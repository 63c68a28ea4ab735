// Asks the families that use scratch.
#include "passes/CPU/Scratch.h"

#include "passes/CPU/EmitAttention/EmitAttention.h"
#include "passes/CPU/EmitConv/EmitConv.h"
#include "passes/CPU/EmitConv/EmitPool.h"
#include "passes/CPU/EmitLinear/EmitLinear.h"

std::optional<mlir::AffineMap> pleat::scratchFor(mlir::func::FuncOp kernel,
                                                 llvm::ArrayRef<const LevelInfo *> levels) {
  if (std::optional<mlir::AffineMap> scratch = linearScratch(kernel, levels))
    return scratch;
  for (auto scratchOf : {attentionScratch, convScratch, poolScratch})
    if (std::optional<mlir::AffineMap> scratch = scratchOf(kernel))
      return scratch;
  return std::nullopt;
}
