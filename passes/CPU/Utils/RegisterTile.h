/// The micro-kernel that matrix products, attention and convolution share: a block of
/// accumulators that lives in vector registers over a whole range of k.
#pragma once

#include "passes/CPU/Utils/KernelBuilder.h"

namespace pleat {

/// Where a tile's operands lie. Element (row r, k) of A is `a[rowOffsets[r] + k * aStep]`,
/// the vector (k, column vector c) of B is at `b[columnOffsets[c] + k * bStep]`.
struct TileOperands {
  mlir::Value a, b; ///< flat memory
  llvm::SmallVector<mlir::Value> rowOffsets, columnOffsets;
  mlir::Value aStep, bStep;
  /// Lanes of the last column vector that may be read; the width when all.
  int64_t lastCount;
  /// Sums that each element is made of, 1, 2 or 4: chain c takes every chains-th step of a
  /// pass. More than one keeps the multipliers busy where a tile has few accumulators.
  int64_t chains = 1;

  size_t size() const { return rowOffsets.size() * columnOffsets.size(); }
};

/// Steps of k that one pass of a tile's main loop takes.
inline constexpr int64_t kTileUnroll = 4;

/// Called once for each pass of the main loop with its first k, to prefetch what comes next.
using TilePrefetch = llvm::function_ref<void(mlir::Value k)>;

/// Adds A B over k in [kBegin, kEnd) to `accumulators` (rows times column vectors, row by
/// row) and returns them. Every element sums in ascending k, one fma each, whatever the
/// tile's shape; with several chains, each of them does.
llvm::SmallVector<mlir::Value> emitTile(KernelBuilder &builder, const TileOperands &operands,
                                        mlir::Value kBegin, mlir::Value kEnd,
                                        llvm::SmallVector<mlir::Value> accumulators,
                                        TilePrefetch prefetch = {});

} // namespace pleat
