/// Size expressions for readers.
#pragma once

#include "mlir/IR/AffineExpr.h"
#include <string>

namespace pleat {

/// `expr` with the dimensions' names for its symbols: "past + seq".
std::string sizeText(mlir::AffineExpr expr, llvm::ArrayRef<std::string> dims);

} // namespace pleat
