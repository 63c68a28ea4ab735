/// Size expressions for readers.
#pragma once

#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/JSON.h"
#include <string>

namespace pleat {

/// `expr` with the dimensions' names for its symbols: "past + seq", "2*n//3".
std::string sizeText(mlir::AffineExpr expr, llvm::ArrayRef<std::string> dims);

/// The same for programs: a number, a name, or [operator, left, right]; see docs/manifest.md.
llvm::json::Value sizeFormula(mlir::AffineExpr expr, llvm::ArrayRef<std::string> dims);

} // namespace pleat
