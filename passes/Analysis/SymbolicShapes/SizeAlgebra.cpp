// Equalities, bounds, minimum and maximum of symbolic sizes.
#include "passes/Analysis/SymbolicShapes/SizeAlgebra.h"

#include "passes/Analysis/SymbolicShapes/Polynomial.h"

using namespace mlir;
using namespace pleat;

AffineExpr SizeAlgebra::constant(int64_t value) const { return getAffineConstantExpr(value, context); }

AffineExpr SizeAlgebra::named(StringRef name) const {
  for (auto [index, symbol] : llvm::enumerate(table))
    if (symbol.kind == SizeSymbol::Argument && symbol.name == name)
      return getAffineSymbolExpr(index, context);
  return {};
}

AffineExpr SizeAlgebra::declare(StringRef name, unsigned argument, unsigned axis) {
  SizeSymbol symbol;
  symbol.name = name.str();
  symbol.argument = argument;
  symbol.axis = axis;
  table.push_back(symbol);
  values.push_back(getAffineSymbolExpr(table.size() - 1, context));
  return values.back();
}

AffineExpr SizeAlgebra::derived(SizeSymbol::Kind kind, AffineExpr a, AffineExpr b) {
  if (compareExprs(a, b) > 0)
    std::swap(a, b);
  for (auto [index, symbol] : llvm::enumerate(table))
    if (symbol.kind == kind && symbol.first == a && symbol.second == b)
      return values[index];
  SizeSymbol symbol;
  symbol.kind = kind;
  symbol.first = a;
  symbol.second = b;
  table.push_back(symbol);
  values.push_back(getAffineSymbolExpr(table.size() - 1, context));
  return values.back();
}

AffineExpr SizeAlgebra::canonical(AffineExpr expr) const {
  return Polynomial::of(expr.replaceSymbols(values)).expr(context);
}

AffineExpr SizeAlgebra::add(AffineExpr a, AffineExpr b) const { return canonical(a + b); }
AffineExpr SizeAlgebra::sub(AffineExpr a, AffineExpr b) const { return canonical(a - b); }
AffineExpr SizeAlgebra::mul(AffineExpr a, AffineExpr b) const { return canonical(a * b); }

AffineExpr SizeAlgebra::divideExactly(AffineExpr a, AffineExpr b) const {
  std::optional<Polynomial> result = Polynomial::of(canonical(a)).dividedBy(Polynomial::of(canonical(b)));
  return result ? result->expr(context) : AffineExpr();
}

AffineExpr SizeAlgebra::floorDiv(AffineExpr a, AffineExpr b) const {
  if (constantValue(b) == 0)
    return {};
  AffineExpr exact = divideExactly(a, b);
  return exact ? exact : canonical(a.floorDiv(b));
}

AffineExpr SizeAlgebra::mod(AffineExpr a, AffineExpr b) const {
  if (constantValue(b) == 0)
    return {};
  return divideExactly(a, b) ? constant(0) : canonical(a % b);
}

AffineExpr SizeAlgebra::ceilDiv(AffineExpr a, AffineExpr b) const {
  if (constantValue(b) == 0)
    return {};
  AffineExpr exact = divideExactly(a, b);
  return exact ? exact : canonical(a.ceilDiv(b));
}

AffineExpr SizeAlgebra::min(AffineExpr a, AffineExpr b) {
  a = canonical(a), b = canonical(b);
  if (provablyAtMost(a, b))
    return a;
  return provablyAtMost(b, a) ? b : derived(SizeSymbol::Minimum, a, b);
}

AffineExpr SizeAlgebra::max(AffineExpr a, AffineExpr b) {
  a = canonical(a), b = canonical(b);
  if (provablyAtMost(a, b))
    return b;
  return provablyAtMost(b, a) ? a : derived(SizeSymbol::Maximum, a, b);
}

AffineExpr SizeAlgebra::product(ArrayRef<AffineExpr> factors) const {
  Polynomial result = Polynomial::constant(1);
  for (AffineExpr factor : factors)
    result = result.times(Polynomial::of(canonical(factor)));
  return result.expr(context);
}

std::optional<int64_t> SizeAlgebra::constantValue(AffineExpr expr) const {
  return Polynomial::of(canonical(expr)).constantValue();
}

std::optional<bool> SizeAlgebra::equal(AffineExpr a, AffineExpr b) const {
  AffineExpr difference = sub(a, b);
  if (std::optional<int64_t> value = constantValue(difference))
    return *value == 0;
  std::optional<int64_t> above = lowerBound(difference), below = lowerBound(sub(b, a));
  if ((above && *above > 0) || (below && *below > 0))
    return false;
  return std::nullopt;
}

bool SizeAlgebra::provablyAtMost(AffineExpr a, AffineExpr b) const {
  std::optional<int64_t> slack = lowerBound(sub(b, a));
  if (slack && *slack >= 0)
    return true;
  // min(x, y) <= b when x or y is; a <= max(x, y) likewise.
  auto symbolOf = [&](AffineExpr expr, SizeSymbol::Kind kind) -> const SizeSymbol * {
    auto symbol = dyn_cast<AffineSymbolExpr>(canonical(expr));
    return symbol && table[symbol.getPosition()].kind == kind ? &table[symbol.getPosition()] : nullptr;
  };
  if (const SizeSymbol *minimum = symbolOf(a, SizeSymbol::Minimum))
    return provablyAtMost(minimum->first, b) || provablyAtMost(minimum->second, b);
  if (const SizeSymbol *maximum = symbolOf(b, SizeSymbol::Maximum))
    return provablyAtMost(a, maximum->first) || provablyAtMost(a, maximum->second);
  return false;
}

std::optional<int64_t> SizeAlgebra::lowerBound(AffineExpr expr) const {
  auto ofAtom = [&](AffineExpr atom) -> std::optional<int64_t> {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(atom)) {
      const SizeSymbol &what = table[symbol.getPosition()];
      if (what.kind == SizeSymbol::Argument)
        return what.least;
      std::optional<int64_t> a = lowerBound(what.first), b = lowerBound(what.second);
      if (a && b)
        return what.kind == SizeSymbol::Minimum ? std::min(*a, *b) : std::max(*a, *b);
      return what.kind == SizeSymbol::Maximum ? (a ? a : b) : std::nullopt;
    }
    auto binary = cast<AffineBinaryOpExpr>(atom);
    std::optional<int64_t> a = lowerBound(binary.getLHS()), b = lowerBound(binary.getRHS());
    bool nonNegative = b && *b >= 0 && (atom.getKind() == AffineExprKind::Mod || (a && *a >= 0));
    return nonNegative ? std::optional<int64_t>(0) : std::nullopt;
  };
  Polynomial terms = Polynomial::of(canonical(expr));
  int64_t bound = 0;
  for (const auto &[monomial, coefficient] : terms.terms()) {
    int64_t least = coefficient;
    for (AffineExpr atom : monomial) {
      std::optional<int64_t> factor = ofAtom(atom);
      if (!factor || *factor < 0 || coefficient < 0)
        return std::nullopt;
      least *= *factor;
    }
    bound += least;
  }
  return bound;
}

bool SizeAlgebra::equate(AffineExpr a, AffineExpr b) {
  AffineExpr left = canonical(a), right = canonical(b);
  std::optional<bool> known = equal(left, right);
  if (known)
    return *known;
  // "b*n == n" says b == 1: a size of 0 would make it true as well, but no exporter means that.
  if (AffineExpr factor = Polynomial::of(sub(left, right)).content(context)) {
    AffineExpr a1 = divideExactly(left, factor), b1 = divideExactly(right, factor);
    if (a1 && b1 && factor != constant(1))
      return equate(a1, b1);
  }
  facts.push_back({left, right});
  // Solve for a minimum or maximum if there is one: "n == min(n, 512)" bounds n, it does not
  // define it. Otherwise for the youngest argument symbol.
  AffineExpr difference = sub(left, right);
  for (bool derivedFirst : {true, false})
    for (unsigned index = table.size(); index-- > 0;) {
      bool isDerived = table[index].kind != SizeSymbol::Argument;
      if (isDerived == derivedFirst && solveFor(index, difference))
        return true;
    }
  return true;
}

bool SizeAlgebra::solveFor(unsigned index, AffineExpr difference) {
  AffineExpr symbol = getAffineSymbolExpr(index, context);
  if (!difference.isFunctionOfSymbol(index))
    return false;
  AffineExpr rest = difference.replace(symbol, constant(0));
  std::optional<int64_t> sign = constantValue(sub(difference.replace(symbol, constant(1)), rest));
  if (!sign || (*sign != 1 && *sign != -1) || sub(difference, symbol * *sign + rest) != constant(0))
    return false;
  AffineExpr value = canonical(rest * -*sign);
  if (dependsOn(value, index))
    return false;
  for (AffineExpr &entry : values)
    entry = Polynomial::of(entry.replace(symbol, value)).expr(context);
  return true;
}

bool SizeAlgebra::dependsOn(AffineExpr expr, unsigned index) const {
  for (auto [position, symbol] : llvm::enumerate(table)) {
    if (!expr.isFunctionOfSymbol(position))
      continue;
    if (position == index)
      return true;
    bool isDerived = symbol.kind != SizeSymbol::Argument;
    if (isDerived && (dependsOn(symbol.first, index) || dependsOn(symbol.second, index)))
      return true;
  }
  return false;
}

bool SizeAlgebra::requireAtLeast(AffineExpr expr, int64_t least) {
  expr = canonical(expr);
  std::optional<int64_t> known = lowerBound(expr);
  if (known && *known >= least)
    return true;
  for (auto [index, symbol] : llvm::enumerate(table)) {
    if (symbol.kind != SizeSymbol::Argument || !expr.isFunctionOfSymbol(index))
      continue;
    AffineExpr self = getAffineSymbolExpr(index, context);
    std::optional<int64_t> offset = constantValue(sub(expr, self));
    if (!offset)
      return false;
    int64_t bound = least - *offset;
    facts.push_back({derived(SizeSymbol::Maximum, self, constant(bound)), self});
    table[index].least = std::max(table[index].least, bound);
    return true;
  }
  return false;
}
