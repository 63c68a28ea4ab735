/// Which lines are multiplied when. Memory is the limit: each panel is one stream.
#include "passes/CPU/EmitLinear/StreamedProduct.h"

#include "passes/CPU/EmitLinear/PanelPrefetch.h"

using namespace mlir;
using namespace pleat;

// Lines that one pass of the inner loop takes.
static constexpr int64_t kUnroll = 2;
// Panels that several row tiles pass one after the other stay in L2 meanwhile.
static constexpr int64_t kGroupBytes = 256 * 1024;

/// Rows of a register tile. Pairs, and what they become, take registers from the sums.
static int64_t maxTileRows(const LevelInfo &level) { return level.vectorRegisters == 16 ? 4 : 6; }

/// Units of 16 columns that tiles of `rows` rows stream past: as many panels as there fit
/// units, since the two tiles of a panel are walked one after the other. A single row needs
/// more sums to hide the latency of fma.
static int64_t streamedUnits(int64_t rows, const PairPanels &weights, const LevelInfo &level) {
  int64_t panels = rows == 1 ? level.vectorRegisters / 4 : unitsFor(rows, level);
  return std::min(2 * panels, weights.tiles());
}

namespace {

class StreamedCode {
public:
  StreamedCode(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
               const LevelInfo &level)
      : builder(builder), product(product), weights(weights), level(level) {}

  void emit();

private:
  void emitTile(int64_t rows, Value firstRow, const ColumnGroup &group);
  void emitTiles();
  template <typename Body>
  void forOwnGroups(int64_t units, Body body);
  void streamLine(ArrayRef<Value> rows, ArrayRef<Value> vectors, Value k, Value offset, bool hasHigh,
                  MutableArrayRef<Value> sums);
  SmallVector<Value> streamTiles(ArrayRef<Value> rows, ArrayRef<Value> tileOffsets, Value block,
                                 int64_t depth, SmallVector<Value> sums);
  SmallVector<Value> streamBlock(const ProductTile &tile, ArrayRef<Value> tileOffsets, Value block,
                                 int64_t depth, SmallVector<Value> sums);

  KernelBuilder &builder;
  const PanelProduct &product;
  const PairPanels &weights;
  const LevelInfo &level;
};

} // namespace

/// Adds the products of one line: `k` is the first of its two, `offset` where it lies from
/// each of `vectors`. The operands of the longer side are used right after their load.
void StreamedCode::streamLine(ArrayRef<Value> rows, ArrayRef<Value> vectors, Value k, Value offset,
                              bool hasHigh, MutableArrayRef<Value> sums) {
  int64_t halves = hasHigh ? 2 : 1;
  auto loadRow = [&](size_t row, int64_t half) {
    Value from = builder.add(rows[row], builder.add(k, half));
    return builder.broadcast(builder.loadScalar(product.a, from));
  };
  auto add = [&](size_t row, size_t column, Value rowValue, Value columnValue) {
    Value &sum = sums[row * vectors.size() + column];
    sum = builder.fma(rowValue, columnValue, sum);
  };
  if (rows.size() < vectors.size()) {
    SmallVector<Value> held;
    for (int64_t half = 0; half < halves; ++half)
      for (size_t row = 0; row < rows.size(); ++row)
        held.push_back(loadRow(row, half));
    for (size_t column = 0; column < vectors.size(); ++column)
      for (int64_t half = 0; half < halves; ++half) {
        Value value =
            loadWidened(builder, weights, product.panels, builder.add(vectors[column], offset), half);
        for (size_t row = 0; row < rows.size(); ++row)
          add(row, column, held[half * rows.size() + row], value);
      }
    return;
  }
  for (int64_t half = 0; half < halves; ++half) {
    SmallVector<Value> held;
    for (Value vector : vectors)
      held.push_back(loadWidened(builder, weights, product.panels, builder.add(vector, offset), half));
    for (size_t row = 0; row < rows.size(); ++row) {
      Value value = loadRow(row, half);
      for (size_t column = 0; column < vectors.size(); ++column)
        add(row, column, value, held[column]);
    }
  }
}

/// One block of k of the tiles at `tileOffsets`, line by line.
SmallVector<Value> StreamedCode::streamTiles(ArrayRef<Value> rows, ArrayRef<Value> tileOffsets, Value block,
                                             int64_t depth, SmallVector<Value> sums) {
  BlockPrefetch prefetch = streamPrefetch(builder, product.panels, weights, tileOffsets);
  SmallVector<Value> vectors;
  for (Value offset : tileOffsets)
    for (int64_t lane = 0; lane < kUnitColumns; lane += builder.getLanes())
      vectors.push_back(builder.add(offset, lane));
  Value k = builder.mul(block, PairPanels::kBlockDepth), offset = builder.mul(block, weights.blockSize());
  auto run = [&](int64_t begin, int64_t end, int64_t unroll) {
    sums = builder.loop(
        builder.index(begin), builder.index(end), unroll, sums, [&](Value line, ValueRange carried) {
          SmallVector<Value> next(carried);
          if (prefetch.line)
            prefetch.line(block, line, unroll);
          for (int64_t step = 0; step < unroll; ++step) {
            Value current = builder.add(line, step);
            streamLine(rows, vectors, builder.add(k, builder.mul(current, 2)),
                       builder.add(offset, builder.mul(current, PairPanels::kLine)), /*hasHigh=*/true, next);
          }
          return next;
        });
  };
  int64_t lines = depth / 2, unrolled = lines / kUnroll * kUnroll;
  if (unrolled > 0)
    run(0, unrolled, kUnroll);
  if (unrolled < lines)
    run(unrolled, lines, 1);
  if (depth % 2)
    streamLine(rows, vectors, builder.add(k, depth - 1), builder.add(offset, lines * PairPanels::kLine),
               /*hasHigh=*/false, sums);
  return sums;
}

/// One block of k: first tiles of all panels, then their second ones. Walked side by side,
/// the two tiles of a panel would be streams of half the memory each, at half the speed.
SmallVector<Value> StreamedCode::streamBlock(const ProductTile &tile, ArrayRef<Value> tileOffsets,
                                             Value block, int64_t depth, SmallVector<Value> sums) {
  size_t columns = tile.vectorCount(), vectorsPerUnit = kUnitColumns / builder.getLanes();
  for (size_t side = 0; side < std::min<size_t>(2, tileOffsets.size()); ++side) {
    SmallVector<Value> offsets, own;
    SmallVector<size_t> places;
    for (size_t unit = side; unit < tileOffsets.size(); unit += 2)
      offsets.push_back(tileOffsets[unit]);
    for (size_t place = 0; place < sums.size(); ++place)
      if (place % columns / vectorsPerUnit % 2 == side) {
        places.push_back(place);
        own.push_back(sums[place]);
      }
    own = streamTiles(tile.rowOffsets(), offsets, block, depth, std::move(own));
    for (auto [place, sum] : llvm::zip_equal(places, own))
      sums[place] = sum;
  }
  return sums;
}

/// All of k for the tile of `rows` rows at `firstRow`.
void StreamedCode::emitTile(int64_t rows, Value firstRow, const ColumnGroup &group) {
  DepthRange range{builder.index(0), builder.index(weights.blocks()), boolean(builder, true),
                   boolean(builder, true)};
  ProductTile tile(builder, product, rows, firstRow, group);
  SmallVector<Value> tileOffsets;
  for (int64_t unit = 0; unit < group.units; ++unit)
    tileOffsets.push_back(weights.tileOffset(builder, builder.add(group.first, unit)));
  auto streamOne = [&](Value block, int64_t depth, SmallVector<Value> sums) {
    return streamBlock(tile, tileOffsets, block, depth, std::move(sums));
  };
  tile.end(builder, range, forBlocks(builder, weights, range, tile.begin(builder, range), streamOne));
}

/// Runs `body` for this part's groups of `units` units.
template <typename Body>
void StreamedCode::forOwnGroups(int64_t units, Body body) {
  Value groups = builder.index(llvm::divideCeil(weights.tiles(), units));
  Value begin = shareBegin(builder, groups, product.part, product.parts);
  Value end = shareBegin(builder, groups, builder.add(product.part, 1), product.parts);
  forGroups(builder, weights.tiles(), units, begin, end,
            [&](const ColumnGroup &group, Value) { body(group); });
}

/// More rows than a tile holds: balanced tiles, one after the other for each group.
void StreamedCode::emitTiles() {
  int64_t maxRows = maxTileRows(level), panelBytes = std::max<int64_t>(weights.panelSize() * 4, 1);
  int64_t fitting = 2 * std::max<int64_t>(kGroupBytes / panelBytes, 1);
  Value count = builder.ceilDiv(product.rows, builder.index(maxRows)),
        rows = builder.div(product.rows, count);
  Value longer = builder.sub(product.rows, builder.mul(rows, count));
  SmallVector<int64_t> cases;
  for (int64_t size = (maxRows + 1) / 2; size <= maxRows; ++size)
    cases.push_back(size);
  forOwnGroups(std::min(streamedUnits(maxRows, weights, level), fitting), [&](const ColumnGroup &group) {
    builder.loop(builder.index(0), count, 1, builder.index(0), [&](Value tile, ValueRange carried) {
      Value isLonger = builder.compare(arith::CmpIPredicate::ult, tile, longer);
      Value size = builder.select(isLonger, builder.add(rows, 1), rows);
      builder.switchOn(size, cases, [&](int64_t size) { emitTile(size, carried.front(), group); });
      return SmallVector<Value>{builder.add(carried.front(), size)};
    });
  });
}

void StreamedCode::emit() {
  int64_t maxRows = maxTileRows(level);
  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows <= maxRows; ++rows)
    cases.push_back(rows);
  auto emitOne = [&](int64_t rows) {
    forOwnGroups(streamedUnits(rows, weights, level),
                 [&](const ColumnGroup &group) { emitTile(rows, builder.index(0), group); });
  };
  Value isOneTile = builder.compare(arith::CmpIPredicate::ule, product.rows, builder.index(maxRows));
  builder.ifElse(isOneTile, [&] { builder.switchOn(product.rows, cases, emitOne); }, [&] { emitTiles(); });
}

void pleat::emitStreamedProduct(KernelBuilder &builder, const PanelProduct &product,
                                const PairPanels &weights, const LevelInfo &level) {
  StreamedCode(builder, product, weights, level).emit();
}
