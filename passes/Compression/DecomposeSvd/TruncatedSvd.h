/// The best approximation of a matrix by one of low rank. Plain arrays, no IR.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace pleat {

/// W (rows x columns, row-major) is near U V, with U rows x rank and V rank x columns,
/// both row-major. Each singular value is split evenly: sqrt(s) in both factors. Signs: the
/// entry of largest magnitude in each column of U is positive.
struct LowRankFactors {
  int64_t rank = 0;
  std::vector<float> u, v;
  /// The singular values kept, largest first.
  std::vector<float> singularValues;
  /// ||W - U V|| / ||W||, Frobenius, of the factors as rounded to f32.
  double relativeError = 0;
};

/// Truncated singular value decomposition (Eckart and Young 1936: no rank-`rank` matrix is
/// nearer). Matrices whose smaller side is at most 512 are decomposed in full, in double.
/// Larger ones in a block Krylov space from a fixed seed, grown until the captured energy
/// settles (Musco, Musco 2015, algorithm 2), in float: memory stays near twice the matrix. `rank` is at least
/// 1 and at most the smaller side.
LowRankFactors truncatedSvd(llvm::ArrayRef<float> matrix, int64_t rows, int64_t columns, int64_t rank);

/// The least rank whose singular values hold `energy` (0..1] of the sum of their squares.
/// Needs the whole spectrum: that of the smaller Gram matrix, in double.
int64_t rankForEnergy(llvm::ArrayRef<float> matrix, int64_t rows, int64_t columns, double energy);

} // namespace pleat
