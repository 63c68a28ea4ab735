// The text form of sizes, as exporters write dim_param: names, integers and + - * // / %, and
// what print adds to it: min(a, b) and max(a, b).
#include "passes/Analysis/SymbolicShapes/SizeText.h"
#include "passes/Analysis/SymbolicShapes/SizeAlgebra.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace pleat;

namespace {
/// Recursive descent over one text. Every function returns null on what it does not accept.
class SizeParser {
public:
  /// With `extremes`, which is `algebra`, minima and maxima are understood too.
  SizeParser(const SizeAlgebra &algebra, StringRef text, SizeAlgebra *extremes = nullptr)
      : algebra(algebra), extremes(extremes), rest(text) {}

  AffineExpr whole() {
    AffineExpr result = sum();
    return result && rest.trim().empty() ? result : AffineExpr();
  }

private:
  /// Nesting beyond this is hostile, not a size.
  static constexpr unsigned maxDepth = 64;

  bool take(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  AffineExpr sum() {
    if (++depth > maxDepth)
      return {};
    AffineExpr result = product();
    while (result) {
      bool minus = false;
      if (!take("+") && !(minus = take("-")))
        break;
      AffineExpr next = product();
      result = !next ? AffineExpr() : minus ? algebra.sub(result, next) : algebra.add(result, next);
    }
    --depth;
    return result;
  }

  AffineExpr product() {
    AffineExpr result = factor();
    while (result) {
      enum { Times, Over, Modulo } kind = Times;
      if (take("//") || take("/"))
        kind = Over;
      else if (take("%"))
        kind = Modulo;
      else if (!take("*"))
        break;
      AffineExpr next = factor();
      if (!next)
        return {};
      result = kind == Times  ? algebra.mul(result, next)
               : kind == Over ? algebra.floorDiv(result, next)
                              : algebra.mod(result, next);
    }
    return result;
  }

  AffineExpr factor() {
    if (++depth > maxDepth)
      return {};
    AffineExpr result;
    if (take("-")) {
      if (AffineExpr inner = factor())
        result = algebra.sub(algebra.constant(0), inner);
    } else if (take("(")) {
      result = sum();
      if (!take(")"))
        return {};
    } else {
      result = atom();
    }
    --depth;
    return result;
  }

  AffineExpr atom() {
    rest = rest.ltrim();
    int64_t value;
    if (!rest.empty() && llvm::isDigit(rest.front()))
      return rest.consumeInteger(10, value) ? AffineExpr() : algebra.constant(value);
    for (bool minimum : {true, false})
      if (extremes && take(minimum ? "min(" : "max("))
        return extreme(minimum);
    StringRef name = symbolName();
    rest = rest.drop_front(name.size());
    return name.empty() ? AffineExpr() : algebra.named(name);
  }

  AffineExpr extreme(bool minimum) {
    AffineExpr first = sum();
    if (!first || !take(","))
      return {};
    AffineExpr second = sum();
    if (!second || !take(")"))
      return {};
    return minimum ? extremes->min(first, second) : extremes->max(first, second);
  }

  /// The longest symbol that the rest begins with: a name may contain operators.
  StringRef symbolName() const {
    auto isNamePart = [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; };
    StringRef longest;
    for (const SizeSymbol &symbol : algebra.symbols()) {
      size_t length = symbol.name.size();
      if (symbol.kind == SizeSymbol::Argument && length > longest.size() && rest.starts_with(symbol.name) &&
          (length == rest.size() || !isNamePart(rest[length])))
        longest = rest.take_front(length);
    }
    return longest;
  }

  const SizeAlgebra &algebra;
  SizeAlgebra *extremes;
  StringRef rest;
  unsigned depth = 0;
};
} // namespace

AffineExpr SizeAlgebra::parse(StringRef text) const {
  if (AffineExpr whole = named(text))
    return whole;
  return SizeParser(*this, text).whole();
}

AffineExpr SizeAlgebra::parsePrinted(StringRef text) {
  if (AffineExpr whole = named(text))
    return whole;
  return SizeParser(*this, text, this).whole();
}

std::string pleat::printSize(AffineExpr expr, llvm::function_ref<std::string(unsigned)> symbol) {
  if (auto value = dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(value.getValue());
  if (auto position = dyn_cast<AffineSymbolExpr>(expr))
    return symbol(position.getPosition());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::string left = printSize(binary.getLHS(), symbol), right = printSize(binary.getRHS(), symbol);
  auto number = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() == AffineExprKind::Add)
    return number && number.getValue() < 0 ? left + " - " + right.substr(1) : left + " + " + right;
  if (isa<AffineBinaryOpExpr>(binary.getLHS()))
    left = "(" + left + ")";
  if (isa<AffineBinaryOpExpr>(binary.getRHS()))
    right = "(" + right + ")";
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    return left + "*" + right;
  case AffineExprKind::FloorDiv:
    return left + "//" + right;
  case AffineExprKind::CeilDiv: // -(-a // b)
    return "-((-" + left + ")//" + right + ")";
  default:
    return left + "%" + right;
  }
}

std::string SizeAlgebra::print(AffineExpr expr) const {
  return printSize(expr, [&](unsigned position) {
    const SizeSymbol &symbol = table[position];
    if (symbol.kind == SizeSymbol::Argument)
      return symbol.name;
    const char *function = symbol.kind == SizeSymbol::Minimum ? "min(" : "max(";
    return function + print(symbol.first) + ", " + print(symbol.second) + ")";
  });
}
