/// The scratch memory that kernels with emitters of their own ask for.
#pragma once

#include "passes/CPU/IsaLevel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineMap.h"

#include <optional>

namespace pleat {

/// What to put into `kernel`'s kScratchAttrName before it is planned, for it to be compiled
/// for `levels`; nothing if it needs no scratch or takes the general path.
std::optional<mlir::AffineMap> scratchFor(mlir::func::FuncOp kernel,
                                          llvm::ArrayRef<const LevelInfo *> levels);

} // namespace pleat
