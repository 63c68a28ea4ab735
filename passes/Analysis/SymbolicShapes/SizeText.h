/// Sizes as text.
#pragma once

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <string>

namespace pleat {

/// `expr` in the form that SizeAlgebra::parse accepts, with `symbol` for the text of the symbol at
/// a position: "2*seq + 1", "n//4".
std::string printSize(mlir::AffineExpr expr, llvm::function_ref<std::string(unsigned position)> symbol);

} // namespace pleat
