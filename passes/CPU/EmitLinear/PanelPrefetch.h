/// What a product over pair panels asks for while it computes.
#pragma once

#include "passes/CPU/EmitLinear/PairPanels.h"
#include "passes/CPU/EmitLinear/ProductWalk.h"

#include <functional>

namespace pleat {

/// Called at the beginning of each block of k, and of `count` lines of a block from `line`
/// on. Either may be empty.
struct BlockPrefetch {
  std::function<void(mlir::Value block)> block;
  std::function<void(mlir::Value block, mlir::Value line, int64_t count)> line;
};

/// The tile columns that are needed next.
struct NextPanels {
  mlir::Value first; ///< tile column
  int64_t tiles;     ///< how many
  mlir::Value ahead; ///< blocks of k between where they and the current ones begin
};

/// Asks for what follows in the tile columns at `offsets`, 4 KiB ahead: for a few rows, which
/// pass each line once. Empty where all weights stay in L2.
BlockPrefetch streamPrefetch(KernelBuilder &builder, mlir::Value memory, const PairPanels &weights,
                             llvm::ArrayRef<mlir::Value> offsets);

/// Asks for the next panels bit by bit: row tile `tile` of `count` takes its share of each
/// block. Empty where all weights stay in L2.
BlockPrefetch sharedPrefetch(KernelBuilder &builder, mlir::Value memory, const PairPanels &weights,
                             const NextPanels &next, mlir::Value tile, mlir::Value count);

} // namespace pleat
