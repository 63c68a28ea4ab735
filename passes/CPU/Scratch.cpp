// Asks the families that use scratch.
#include "passes/CPU/Scratch.h"

#include "passes/CPU/EmitAttention/EmitAttention.h"

std::optional<mlir::AffineMap> pleat::scratchFor(mlir::func::FuncOp kernel) { return attentionScratch(kernel); }
