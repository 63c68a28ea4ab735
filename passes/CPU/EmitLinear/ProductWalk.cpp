/// Balanced tiles: a short last one would leave the multipliers idle.
#include "passes/CPU/EmitLinear/ProductWalk.h"

using namespace mlir;
using namespace pleat;

// Row tiles that stay in L2 while the panels pass: about 128 rows.
static constexpr int64_t kTilesPerBlock = 22;

RowTiles pleat::cutRows(KernelBuilder &builder, Value rows) {
  Value one = builder.index(1);
  RowTiles tiles;
  tiles.count = builder.ceilDiv(rows, builder.index(kTileRowsMax));
  tiles.blocks = builder.ceilDiv(tiles.count, builder.index(kTilesPerBlock));
  tiles.perBlock = builder.ceilDiv(tiles.count, builder.max(tiles.blocks, one));
  tiles.rows = builder.div(rows, builder.max(tiles.count, one));
  tiles.longer = builder.sub(rows, builder.mul(tiles.rows, tiles.count));
  return tiles;
}

void pleat::forRowTiles(KernelBuilder &builder, const RowTiles &tiles, Value begin, Value end,
                        llvm::function_ref<void(int64_t, Value, Value)> body) {
  // Of more rows than one tile holds, the tiles have at least half as many.
  SmallVector<int64_t> cases =
      llvm::to_vector(llvm::seq_inclusive<int64_t>((kTileRowsMax + 1) / 2, kTileRowsMax));
  // The first row is carried: computed from the tile's number, it would be computed again
  // in each step of the inner loop.
  Value first = builder.add(builder.mul(begin, tiles.rows), builder.min(begin, tiles.longer));
  builder.loop(begin, end, 1, first, [&](Value tile, ValueRange carried) {
    Value firstRow = carried.front();
    Value isLonger = builder.compare(arith::CmpIPredicate::ult, tile, tiles.longer);
    Value rows = builder.select(isLonger, builder.add(tiles.rows, 1), tiles.rows);
    builder.switchOn(rows, cases, [&](int64_t rows) { body(rows, firstRow, tile); });
    return SmallVector<Value>{builder.add(firstRow, rows)};
  });
}

void pleat::forDepthRanges(KernelBuilder &builder, int64_t depth, int64_t length,
                           llvm::function_ref<void(const DepthRange &)> body) {
  Value zero = builder.index(0), whole = builder.index(depth);
  if (length >= depth)
    return body({zero, whole, boolean(builder, true), boolean(builder, true)});
  builder.loop(zero, whole, length, [&](Value begin) {
    Value end = builder.min(builder.add(begin, length), whole);
    body({begin, end, builder.compare(arith::CmpIPredicate::eq, begin, zero),
          builder.compare(arith::CmpIPredicate::eq, end, whole)});
  });
}
