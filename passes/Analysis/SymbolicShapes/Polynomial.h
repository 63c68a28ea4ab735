/// Size expressions as sums of products: the normal form behind SizeAlgebra.
#pragma once

#include "mlir/IR/AffineExpr.h"
#include "mlir/Support/LLVM.h"
#include <map>
#include <optional>

namespace pleat {

/// An order of expressions that depends on their structure alone, never on addresses.
int compareExprs(mlir::AffineExpr a, mlir::AffineExpr b);

/// A sum of integer multiples of monomials. An atom is a symbol, or a quotient or remainder
/// that does not simplify.
class Polynomial {
public:
  using Monomial = llvm::SmallVector<mlir::AffineExpr, 2>; ///< Atoms in order; empty for 1.
  struct Before {
    bool operator()(const Monomial &a, const Monomial &b) const;
  };
  using Terms = std::map<Monomial, int64_t, Before>; ///< No coefficient is 0.

  static Polynomial of(mlir::AffineExpr expr);
  static Polynomial constant(int64_t value);
  /// The expression, in one form for each polynomial.
  mlir::AffineExpr expr(mlir::MLIRContext *context) const;

  Polynomial plus(const Polynomial &other, int64_t factor = 1) const;
  Polynomial times(const Polynomial &other) const;
  /// The quotient when `divisor` divides this without remainder.
  std::optional<Polynomial> dividedBy(const Polynomial &divisor) const;
  /// The value of a constant polynomial.
  std::optional<int64_t> constantValue() const;
  /// The greatest monomial, with its coefficient, that divides every term; null for 0.
  mlir::AffineExpr content(mlir::MLIRContext *context) const;
  const Terms &terms() const { return sum; }

private:
  void addTerm(const Monomial &monomial, int64_t coefficient);
  Terms sum;
};

} // namespace pleat
