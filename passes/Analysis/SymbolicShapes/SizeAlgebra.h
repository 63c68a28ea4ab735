/// Arithmetic on symbolic sizes: one normal form for each polynomial, so that equal sizes are
/// equal expressions, and a list of equalities that the model's ops force.
///
/// An expression is an AffineExpr over symbols s0, s1, ...; products of symbols are allowed.
/// A symbol is a size of a function argument, or the minimum or maximum of two expressions.
/// Sizes are never negative; nothing else is assumed about a symbol.
#pragma once

#include "mlir/IR/AffineExpr.h"
#include "mlir/Support/LLVM.h"
#include <optional>
#include <string>

namespace pleat {

/// What a symbol stands for.
struct SizeSymbol {
  enum Kind { Argument, Minimum, Maximum } kind = Argument;
  std::string name;                ///< Argument: the name in the model.
  unsigned argument = 0, axis = 0; ///< Argument: where the size is read.
  int64_t least = 0;               ///< Argument: the smallest value a run may have.
  mlir::AffineExpr first, second;  ///< Minimum, Maximum: of what.
};

class SizeAlgebra {
public:
  explicit SizeAlgebra(mlir::MLIRContext *context) : context(context) {}

  mlir::AffineExpr constant(int64_t value) const;

  /// The symbol called `name`; null when there is none.
  mlir::AffineExpr named(llvm::StringRef name) const;
  /// A new symbol for axis `axis` of argument `argument`.
  mlir::AffineExpr declare(llvm::StringRef name, unsigned argument, unsigned axis);
  /// All symbols; s<i> is the i-th.
  llvm::ArrayRef<SizeSymbol> symbols() const { return table; }

  /// The value of a text such as "s15 + 1" or "2*n//m"; null when it is no expression or
  /// names something that is no symbol.
  mlir::AffineExpr parse(llvm::StringRef text) const;
  /// The same for any text that print makes.
  mlir::AffineExpr parsePrinted(llvm::StringRef text);
  /// The expression with the model's names, in the form that parse accepts; minimum and maximum
  /// are written `min(a, b)` and `max(a, b)`.
  std::string print(mlir::AffineExpr expr) const;

  mlir::AffineExpr add(mlir::AffineExpr a, mlir::AffineExpr b) const;
  mlir::AffineExpr sub(mlir::AffineExpr a, mlir::AffineExpr b) const;
  mlir::AffineExpr mul(mlir::AffineExpr a, mlir::AffineExpr b) const;
  /// Quotient and remainder, rounded down; null when `b` is the constant 0.
  mlir::AffineExpr floorDiv(mlir::AffineExpr a, mlir::AffineExpr b) const;
  mlir::AffineExpr mod(mlir::AffineExpr a, mlir::AffineExpr b) const;
  /// Quotient rounded up; null when `b` is the constant 0.
  mlir::AffineExpr ceilDiv(mlir::AffineExpr a, mlir::AffineExpr b) const;
  /// Quotient when `b` divides `a` whatever the symbols are; null otherwise.
  mlir::AffineExpr divideExactly(mlir::AffineExpr a, mlir::AffineExpr b) const;
  mlir::AffineExpr min(mlir::AffineExpr a, mlir::AffineExpr b);
  mlir::AffineExpr max(mlir::AffineExpr a, mlir::AffineExpr b);
  /// Product of all; 1 for none.
  mlir::AffineExpr product(llvm::ArrayRef<mlir::AffineExpr> factors) const;

  /// The normal form under the equalities known so far.
  mlir::AffineExpr canonical(mlir::AffineExpr expr) const;
  /// The constant an expression is; nullopt when it depends on symbols.
  std::optional<int64_t> constantValue(mlir::AffineExpr expr) const;
  /// Whether `a` equals `b` for all sizes, for none, or depends.
  std::optional<bool> equal(mlir::AffineExpr a, mlir::AffineExpr b) const;
  /// Whether `a <= b` for all sizes.
  bool provablyAtMost(mlir::AffineExpr a, mlir::AffineExpr b) const;
  /// The greatest known lower bound; nullopt when none is known.
  std::optional<int64_t> lowerBound(mlir::AffineExpr expr) const;

  /// Takes `a == b` as a fact that the run has to check. False when it never holds.
  bool equate(mlir::AffineExpr a, mlir::AffineExpr b);
  /// Takes `expr >= least` as a fact that the run has to check, where that bounds one symbol.
  /// False when it cannot be used or never holds.
  bool requireAtLeast(mlir::AffineExpr expr, int64_t least);
  /// The facts taken so far, in order, as they were before they were used.
  llvm::ArrayRef<std::pair<mlir::AffineExpr, mlir::AffineExpr>> equalities() const { return facts; }

private:
  mlir::AffineExpr derived(SizeSymbol::Kind kind, mlir::AffineExpr a, mlir::AffineExpr b);
  /// Replaces symbol `index` everywhere by what `difference == 0` makes of it; false when it
  /// says nothing simple about the symbol.
  bool solveFor(unsigned index, mlir::AffineExpr difference);
  /// Whether `expr` contains symbol `index`, also inside minima and maxima.
  bool dependsOn(mlir::AffineExpr expr, unsigned index) const;

  mlir::MLIRContext *context;
  llvm::SmallVector<SizeSymbol> table;
  llvm::SmallVector<mlir::AffineExpr> values; ///< What each symbol is replaced by.
  llvm::SmallVector<std::pair<mlir::AffineExpr, mlir::AffineExpr>> facts;
};

} // namespace pleat
