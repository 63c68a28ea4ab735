// Normal form of size expressions. Quotients and remainders that do not come out even are
// atoms whose operands are in normal form themselves.
#include "passes/Analysis/SymbolicShapes/Polynomial.h"

#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace pleat;

int pleat::compareExprs(AffineExpr a, AffineExpr b) {
  if (a == b)
    return 0;
  if (a.getKind() != b.getKind()) {
    // Symbols come first, so that products read s0 * (s1 floordiv 2).
    auto rank = [](AffineExpr expr) {
      return expr.getKind() == AffineExprKind::SymbolId ? -1 : static_cast<int>(expr.getKind());
    };
    return rank(a) < rank(b) ? -1 : 1;
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(a))
    return symbol.getPosition() < cast<AffineSymbolExpr>(b).getPosition() ? -1 : 1;
  if (auto constant = dyn_cast<AffineConstantExpr>(a))
    return constant.getValue() < cast<AffineConstantExpr>(b).getValue() ? -1 : 1;
  auto left = cast<AffineBinaryOpExpr>(a), right = cast<AffineBinaryOpExpr>(b);
  if (int order = compareExprs(left.getLHS(), right.getLHS()))
    return order;
  return compareExprs(left.getRHS(), right.getRHS());
}

bool Polynomial::Before::operator()(const Monomial &a, const Monomial &b) const {
  // Higher degree first, and s0 before s1: the order in which sums are written.
  if (a.size() != b.size())
    return a.size() > b.size();
  for (auto [x, y] : llvm::zip(a, b))
    if (int order = compareExprs(x, y))
      return order < 0;
  return false;
}

void Polynomial::addTerm(const Monomial &monomial, int64_t coefficient) {
  auto [entry, isNew] = sum.try_emplace(monomial, 0);
  entry->second += coefficient;
  if (entry->second == 0)
    sum.erase(entry);
}

Polynomial Polynomial::constant(int64_t value) {
  Polynomial result;
  if (value != 0)
    result.addTerm({}, value);
  return result;
}

Polynomial Polynomial::plus(const Polynomial &other, int64_t factor) const {
  Polynomial result = *this;
  for (const auto &[monomial, coefficient] : other.sum)
    result.addTerm(monomial, coefficient * factor);
  return result;
}

Polynomial Polynomial::times(const Polynomial &other) const {
  Polynomial result;
  for (const auto &[left, leftFactor] : sum)
    for (const auto &[right, rightFactor] : other.sum) {
      Monomial merged;
      std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(merged),
                 [](AffineExpr a, AffineExpr b) { return compareExprs(a, b) < 0; });
      result.addTerm(merged, leftFactor * rightFactor);
    }
  return result;
}

/// `monomial` without the atoms of `divisor`; nullopt when one is missing.
static std::optional<Polynomial::Monomial> without(Polynomial::Monomial monomial,
                                                   const Polynomial::Monomial &divisor) {
  for (AffineExpr atom : divisor) {
    auto found = llvm::find(monomial, atom);
    if (found == monomial.end())
      return std::nullopt;
    monomial.erase(found);
  }
  return monomial;
}

std::optional<Polynomial> Polynomial::dividedBy(const Polynomial &divisor) const {
  if (divisor.sum.empty())
    return std::nullopt;
  // Long division by leading terms. Each step removes the leading term, so it ends.
  const auto &[leading, factor] = *divisor.sum.begin();
  Polynomial rest = *this, quotient;
  while (!rest.sum.empty()) {
    const auto &[monomial, coefficient] = *rest.sum.begin();
    std::optional<Monomial> atoms = without(monomial, leading);
    if (!atoms || coefficient % factor != 0)
      return std::nullopt;
    Polynomial step;
    step.addTerm(*atoms, coefficient / factor);
    quotient = quotient.plus(step);
    rest = rest.plus(step.times(divisor), -1);
  }
  return quotient;
}

std::optional<int64_t> Polynomial::constantValue() const {
  if (sum.empty())
    return 0;
  if (sum.size() == 1 && sum.begin()->first.empty())
    return sum.begin()->second;
  return std::nullopt;
}

AffineExpr Polynomial::content(MLIRContext *context) const {
  if (sum.empty())
    return {};
  Monomial common = sum.begin()->first;
  int64_t divisor = 0;
  for (const auto &[monomial, coefficient] : sum) {
    Monomial rest = monomial, shared;
    for (AffineExpr atom : common)
      if (auto found = llvm::find(rest, atom); found != rest.end()) {
        shared.push_back(atom);
        rest.erase(found);
      }
    common = shared;
    divisor = std::gcd(divisor, coefficient);
  }
  Polynomial result;
  result.addTerm(common, divisor);
  return result.expr(context);
}

/// Quotient or remainder of two polynomials, as far as it simplifies.
static Polynomial divide(AffineExprKind kind, const Polynomial &a, const Polynomial &b,
                         MLIRContext *context) {
  bool remainder = kind == AffineExprKind::Mod;
  if (std::optional<Polynomial> exact = a.dividedBy(b))
    return remainder ? Polynomial() : *exact;
  std::optional<int64_t> x = a.constantValue(), y = b.constantValue();
  if (x && y && *y > 0) {
    if (remainder)
      return Polynomial::constant(llvm::mod(*x, *y));
    return Polynomial::constant(kind == AffineExprKind::FloorDiv ? llvm::divideFloorSigned(*x, *y)
                                                                 : llvm::divideCeilSigned(*x, *y));
  }
  return Polynomial::of(getAffineBinaryOpExpr(kind, a.expr(context), b.expr(context)));
}

Polynomial Polynomial::of(AffineExpr expr) {
  if (auto value = dyn_cast<AffineConstantExpr>(expr))
    return constant(value.getValue());
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (binary && expr.getKind() == AffineExprKind::Add)
    return of(binary.getLHS()).plus(of(binary.getRHS()));
  if (binary && expr.getKind() == AffineExprKind::Mul)
    return of(binary.getLHS()).times(of(binary.getRHS()));
  if (binary) {
    Polynomial a = of(binary.getLHS()), b = of(binary.getRHS());
    bool settled =
        a.expr(expr.getContext()) == binary.getLHS() && b.expr(expr.getContext()) == binary.getRHS();
    if (!settled || a.dividedBy(b))
      return divide(expr.getKind(), a, b, expr.getContext());
  }
  Polynomial result;
  result.addTerm({expr}, 1);
  return result;
}

AffineExpr Polynomial::expr(MLIRContext *context) const {
  AffineExpr result;
  for (const auto &[monomial, coefficient] : sum) {
    AffineExpr term;
    for (AffineExpr atom : monomial)
      term = term ? term * atom : atom;
    term = !term ? getAffineConstantExpr(coefficient, context) : coefficient == 1 ? term : term * coefficient;
    result = result ? result + term : term;
  }
  return result ? result : getAffineConstantExpr(0, context);
}
