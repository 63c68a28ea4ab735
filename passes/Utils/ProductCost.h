/// What a product of rows with a weight costs, so that a form that only looks cheaper is known
/// before it is chosen.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>

namespace pleat {

/// x [M, K] times a stored f32 matrix [K, N].
struct ProductShape {
  int64_t depth, columns;
};

/// How many rows x has.
struct RowRange {
  int64_t least = 1;
  std::optional<int64_t> most; ///< none when unbounded
};

/// The time of one product, in nanoseconds: reading the matrix or computing with it, whichever
/// takes longer, and what any kernel costs. Columns count as stored, in whole panels.
double productTime(int64_t rows, ProductShape product);

/// Products that run one after another.
double chainTime(int64_t rows, llvm::ArrayRef<ProductShape> chain);

/// Two chains at one number of rows.
struct ChainComparison {
  int64_t rows;
  double before, after; ///< nanoseconds

  /// Whether `after` is faster by what the model may be wrong.
  bool isFaster() const;
};

/// Compares at the number of rows of `range` at which `after` does worst against `before`.
ChainComparison compareChains(llvm::ArrayRef<ProductShape> before, llvm::ArrayRef<ProductShape> after,
                              RowRange range);

} // namespace pleat
