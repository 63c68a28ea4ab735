/// Blocks of rows walk the panels; what is widened for one tile serves them all.
#include "passes/CPU/EmitLinear/StagedProduct.h"

#include "passes/CPU/EmitLinear/PanelPrefetch.h"

using namespace mlir;
using namespace pleat;

// k is taken whole up to here, else in steps of at most kDepthStep; in blocks of 32.
static constexpr int64_t kWholeDepth = 1024 / PairPanels::kBlockDepth;
static constexpr int64_t kDepthStep = 512 / PairPanels::kBlockDepth;

/// Blocks of k from one pass over the columns to the next.
static int64_t blocksPerRange(const PairPanels &weights) {
  int64_t ranges = weights.blocks() <= kWholeDepth ? 1 : llvm::divideCeil(weights.blocks(), kDepthStep);
  return llvm::divideCeil(weights.blocks(), ranges);
}

/// Units of 16 columns that are widened together: whole panels, which lie as one in memory.
static int64_t stagedUnits(const PairPanels &weights, const LevelInfo &level) {
  return std::min(std::max<int64_t>(2, unitsFor(kTileRowsMax, level)), weights.tiles());
}

namespace {

class StagedCode {
public:
  StagedCode(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights, Value scratch,
             const LevelInfo &level)
      : builder(builder), product(product), weights(weights), scratch(scratch), level(level) {}

  void emit();

private:
  void widenGroup(const ColumnGroup &group, const DepthRange &range);
  void emitTiles(const ColumnGroup &group, const DepthRange &range, const NextPanels &next,
                 const RowTiles &tiles, Value tileBegin, Value tileEnd);
  void emitStagedTile(int64_t rows, Value firstRow, const ColumnGroup &group, Value staged,
                      const DepthRange &range, const BlockPrefetch &prefetch);
  /// Elements of a unit in scratch.
  int64_t stagedUnitSize() const { return blocksPerRange(weights) * PairPanels::kBlockDepth * kUnitColumns; }

  KernelBuilder &builder;
  const PanelProduct &product;
  const PairPanels &weights;
  Value scratch;
  const LevelInfo &level;
};

} // namespace

/// Widens the blocks of `range` into scratch: [unit][k from the range's begin][16] of f32.
void StagedCode::widenGroup(const ColumnGroup &group, const DepthRange &range) {
  builder.loop(range.begin, range.end, 1, [&](Value block) {
    for (int64_t unit = 0; unit < group.units; ++unit) {
      Value from = builder.add(weights.tileOffset(builder, builder.add(group.first, unit)),
                               builder.mul(block, weights.blockSize()));
      Value to = builder.mul(builder.sub(block, range.begin), PairPanels::kBlockDepth * kUnitColumns);
      builder.loop(builder.index(0), builder.index(kLinesPerBlock), 1, [&](Value line) {
        Value lineFrom = builder.add(from, builder.mul(line, PairPanels::kLine));
        Value lineTo =
            builder.add(builder.add(to, unit * stagedUnitSize()), builder.mul(line, 2 * kUnitColumns));
        for (int64_t lane = 0; lane < kUnitColumns; lane += builder.getLanes())
          for (int64_t half = 0; half < 2; ++half)
            builder.store(loadWidened(builder, weights, product.panels, builder.add(lineFrom, lane), half),
                          scratch, builder.add(lineTo, half * kUnitColumns + lane));
      });
    }
  });
}

/// A row tile with the units of `group`, the first of which is staged unit `staged`.
void StagedCode::emitStagedTile(int64_t rows, Value firstRow, const ColumnGroup &group, Value staged,
                                const DepthRange &range, const BlockPrefetch &prefetch) {
  ProductTile tile(builder, product, rows, firstRow, group);
  Value base = builder.mul(staged, stagedUnitSize());
  auto addBlock = [&](Value block, int64_t depth, SmallVector<Value> sums) {
    if (prefetch.block)
      prefetch.block(block);
    TileOperands operands{product.a,         scratch, {}, {}, builder.index(1), builder.index(kUnitColumns),
                          builder.getLanes()};
    for (Value row : tile.rowOffsets())
      operands.rowOffsets.push_back(builder.add(row, builder.mul(block, PairPanels::kBlockDepth)));
    Value from = builder.mul(builder.sub(block, range.begin), PairPanels::kBlockDepth * kUnitColumns);
    for (int64_t unit = 0; unit < group.units; ++unit)
      for (int64_t lane = 0; lane < kUnitColumns; lane += builder.getLanes())
        operands.columnOffsets.push_back(
            builder.add(builder.add(base, from), unit * stagedUnitSize() + lane));
    return emitTile(builder, operands, builder.index(0), builder.index(depth), std::move(sums));
  };
  tile.end(builder, range, forBlocks(builder, weights, range, tile.begin(builder, range), addBlock));
}

/// The row tiles [tileBegin, tileEnd) with a group of columns, as many at a time as fit.
void StagedCode::emitTiles(const ColumnGroup &group, const DepthRange &range, const NextPanels &next,
                           const RowTiles &tiles, Value tileBegin, Value tileEnd) {
  widenGroup(group, range);
  int64_t units = std::min(unitsFor(kTileRowsMax, level), group.units), pieces = group.units / units;
  assert(group.units % units == 0 && "units are taken one by one or all at once");
  Value count = builder.sub(tileEnd, tileBegin), steps = builder.mul(count, pieces);
  builder.loop(builder.index(0), builder.index(pieces), 1, [&](Value piece) {
    Value isLast = builder.compare(arith::CmpIPredicate::eq, piece, builder.index(pieces - 1));
    Value staged = builder.mul(piece, units), step = builder.mul(piece, count);
    ColumnGroup columns{builder.add(group.first, staged), units,
                        builder.select(isLast, group.endsMatrix, boolean(builder, false))};
    forRowTiles(builder, tiles, tileBegin, tileEnd, [&](int64_t rows, Value firstRow, Value tile) {
      Value share = builder.add(step, builder.sub(tile, tileBegin));
      BlockPrefetch prefetch = sharedPrefetch(builder, product.panels, weights, next, share, steps);
      emitStagedTile(rows, firstRow, columns, staged, range, prefetch);
    });
  });
}

/// Blocks of row tiles times column groups, in one order that is divided among the parts.
void StagedCode::emit() {
  RowTiles tiles = cutRows(builder, product.rows);
  int64_t units = stagedUnits(weights, level);
  Value groups = builder.index(llvm::divideCeil(weights.tiles(), units));
  forShareOfBlocks(
      builder, tiles.blocks, groups, product.part, product.parts, [&](Value block, Value begin, Value end) {
        Value tileBegin = builder.mul(block, tiles.perBlock);
        Value tileEnd = builder.min(builder.add(tileBegin, tiles.perBlock), tiles.count);
        forGroupsInRanges(builder, weights.tiles(), units, weights.blocks(), blocksPerRange(weights), begin,
                          end, [&](const ColumnGroup &group, const DepthRange &range, const NextGroup &next) {
                            NextPanels panels{builder.mul(next.index, units), group.units, next.ahead};
                            emitTiles(group, range, panels, tiles, tileBegin, tileEnd);
                          });
      });
}

int64_t pleat::stagedProductScratch(const PairPanels &weights, const LevelInfo &level) {
  return stagedUnits(weights, level) * blocksPerRange(weights) * PairPanels::kBlockDepth * kUnitColumns * 4;
}

void pleat::emitStagedProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                              Value scratch, const LevelInfo &level) {
  StagedCode(builder, product, weights, scratch, level).emit();
}
