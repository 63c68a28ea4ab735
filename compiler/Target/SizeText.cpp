// Names for symbols; and formulas as nested lists.
#include "compiler/Target/SizeText.h"

#include "passes/Analysis/SymbolicShapes/SizeText.h"

using namespace mlir;
using namespace pleat;

std::string pleat::sizeText(AffineExpr expr, ArrayRef<std::string> dims) {
  return printSize(expr, [&](unsigned position) { return dims[position]; });
}

static StringRef operatorName(AffineExprKind kind) {
  switch (kind) {
  case AffineExprKind::Mul:
    return "*";
  case AffineExprKind::FloorDiv:
    return "floordiv";
  case AffineExprKind::CeilDiv:
    return "ceildiv";
  case AffineExprKind::Mod:
    return "mod";
  default:
    return "+";
  }
}

llvm::json::Value pleat::sizeFormula(AffineExpr expr, ArrayRef<std::string> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return llvm::json::fixUTF8(dims[symbol.getPosition()]);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  return llvm::json::Array{operatorName(expr.getKind()), sizeFormula(binary.getLHS(), dims),
                           sizeFormula(binary.getRHS(), dims)};
}
