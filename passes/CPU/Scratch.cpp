// Asks the families that use scratch.
#include "passes/CPU/Scratch.h"

#include "passes/CPU/EmitAttention/EmitAttention.h"
#include "passes/CPU/EmitConv/EmitConv.h"

std::optional<mlir::AffineMap> pleat::scratchFor(mlir::func::FuncOp kernel) {
  std::optional<mlir::AffineMap> attention = attentionScratch(kernel);
  return attention ? attention : convScratch(kernel);
}
