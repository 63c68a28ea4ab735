/// Which lines are asked for when. Nothing is emitted for weights that stay in L2.
#include "passes/CPU/EmitLinear/PanelPrefetch.h"

using namespace mlir;
using namespace pleat;

// Weights below this stay in L2, where prefetches only cost.
static constexpr int64_t kPrefetchBytes = 256 * 1024;
// How far a stream asks ahead.
static constexpr int64_t kStreamBytes = 4096;
static constexpr int64_t kLinesPerTile = PairPanels::kTile / PairPanels::kLine;

BlockPrefetch pleat::streamPrefetch(KernelBuilder &builder, Value memory, const PairPanels &weights,
                                    ArrayRef<Value> offsets) {
  if (weights.bytes() <= kPrefetchBytes)
    return {};
  SmallVector<Value> bases(offsets);
  int64_t blocksAhead = llvm::divideCeil(kStreamBytes, weights.blockSize() * 4);
  auto ask = [&builder, &weights, memory, bases, blocksAhead](Value block, Value line, int64_t count) {
    Value offset = builder.add(builder.mul(builder.add(block, blocksAhead), weights.blockSize()),
                               builder.mul(line, PairPanels::kLine));
    for (Value base : bases)
      for (int64_t part = 0; part < weights.parts; ++part)
        for (int64_t step = 0; step < count; ++step)
          builder.prefetch(memory, builder.add(builder.add(base, offset),
                                               part * PairPanels::kPart + step * PairPanels::kLine));
  };
  return {{}, ask};
}

BlockPrefetch pleat::sharedPrefetch(KernelBuilder &builder, Value memory, const PairPanels &weights,
                                    const NextPanels &next, Value tile, Value count) {
  if (weights.bytes() <= kPrefetchBytes)
    return {};
  int64_t pieces = next.tiles * weights.parts; // of kLinesPerTile lines a block
  Value lines = builder.index(pieces * kLinesPerTile);
  Value begin = builder.div(builder.mul(lines, tile), count);
  Value end = builder.div(builder.mul(lines, builder.add(tile, 1)), count);
  auto ask = [&builder, &weights, memory, next, begin, end](Value block) {
    Value base = builder.mul(builder.add(block, next.ahead), weights.blockSize());
    builder.loop(begin, end, 1, [&](Value line) {
      Value perTile = builder.index(kLinesPerTile), parts = builder.index(weights.parts);
      Value piece = builder.div(line, perTile);
      Value offset = weights.tileOffset(builder, builder.add(next.first, builder.div(piece, parts)));
      offset = builder.add(offset, builder.mul(builder.rem(piece, parts), PairPanels::kPart));
      offset = builder.add(offset, builder.mul(builder.rem(line, perTile), PairPanels::kLine));
      builder.prefetch(memory, builder.add(base, offset));
    });
  };
  return {ask, {}};
}
