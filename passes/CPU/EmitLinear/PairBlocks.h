/// Walking the blocks of pair panels on vector registers.
#pragma once

#include "passes/CPU/EmitLinear/PairPanels.h"
#include "passes/CPU/EmitLinear/ProductTile.h"
#include "passes/CPU/IsaLevel.h"

namespace pleat {

/// Up to here rows are few: weights widened in scratch would not be read often enough.
inline constexpr int64_t kStreamedRows = 16;
/// Lines of a tile, each of two k.
inline constexpr int64_t kLinesPerBlock = PairPanels::kBlockDepth / 2;

/// Units of 16 columns that fit into registers beside `rows` rows.
inline int64_t unitsFor(int64_t rows, const LevelInfo &level) {
  int64_t vectorsPerUnit = kUnitColumns / level.lanes;
  return std::min<int64_t>(4, (level.vectorRegisters - 4) / (rows * vectorsPerUnit));
}

/// One half of the vector of pairs at `offset`, as f32. Parts are added up from the largest
/// on, which is exact: each sum has no more digits than the f32 that was split.
mlir::Value loadWidened(KernelBuilder &builder, const PairPanels &weights, mlir::Value memory,
                        mlir::Value offset, bool high);

/// Runs `body(block, depth, sums)` for the blocks of `range`, carrying sums; `depth` is
/// static: 32, or what is left in the last block. Beyond K the weights are zero, but there
/// are no activations, so that products end where K does.
template <typename Body>
llvm::SmallVector<mlir::Value> forBlocks(KernelBuilder &builder, const PairPanels &weights,
                                         const DepthRange &range, llvm::SmallVector<mlir::Value> sums,
                                         Body body) {
  int64_t whole = weights.depth / PairPanels::kBlockDepth, rest = weights.depth % PairPanels::kBlockDepth;
  auto run = [&](mlir::Value begin, mlir::Value end, int64_t depth) {
    sums = builder.loop(begin, end, 1, sums, [&](mlir::Value block, mlir::ValueRange carried) {
      return body(block, depth, llvm::SmallVector<mlir::Value>(carried));
    });
  };
  if (whole > 0)
    run(range.begin, builder.min(range.end, builder.index(whole)), PairPanels::kBlockDepth);
  if (rest > 0)
    run(builder.max(range.begin, builder.index(whole)), range.end, rest);
  return sums;
}

} // namespace pleat
