// Names for symbols, parentheses where an operand is compound.
#include "compiler/Target/SizeText.h"

using namespace mlir;
using namespace pleat;

std::string pleat::sizeText(AffineExpr expr, ArrayRef<std::string> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(constant.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return dims[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  auto operand = [&](AffineExpr side) {
    bool compound = isa<AffineBinaryOpExpr>(side) && expr.getKind() != AffineExprKind::Add;
    std::string text = sizeText(side, dims);
    return compound ? "(" + text + ")" : text;
  };
  const char *sign = " + ";
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    sign = " * ";
    break;
  case AffineExprKind::FloorDiv:
    sign = " / ";
    break;
  case AffineExprKind::CeilDiv:
    sign = " ceildiv ";
    break;
  case AffineExprKind::Mod:
    sign = " mod ";
    break;
  default:
    break;
  }
  return operand(binary.getLHS()) + sign + operand(binary.getRHS());
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
