/// What a run has to check of its sizes before kernels may trust them.
#pragma once

#include "passes/Analysis/SizeExprs.h"

namespace pleat {

/// The minimum or maximum of two sizes, which no AffineExpr can say.
struct ExtremeSize {
  bool isMinimum;
  mlir::AffineExpr first, second;
};

/// Two sizes that must be equal when the model runs, and how they read.
struct SizeCheck {
  std::string firstText, secondText;
  mlir::AffineExpr first, second;
};

/// Expressions over the model's dimensions; symbol dims().size() + i is extremes[i], which
/// may contain those before it.
struct SizeChecks {
  llvm::SmallVector<ExtremeSize> extremes;
  llvm::SmallVector<SizeCheck> checks;
};

/// The pairs in `pleat.dim_equal` of `function` that are not one dimension by two names.
/// Fails when a text cannot be read, and leaves it in `unread`.
mlir::FailureOr<SizeChecks> findSizeChecks(mlir::func::FuncOp function, const SizeExprs &sizes,
                                           std::string &unread);

} // namespace pleat
