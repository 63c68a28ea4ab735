/// Tile shapes, loop order, blocking of k and prefetch for products over panels.
#include "passes/CPU/EmitLinear/PanelProduct.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace pleat;

// Register tiles have at most six rows: with 16 columns on AVX2 and 64 on AVX-512 they
// leave room for the operands of the next step.
static constexpr int64_t kMaxRows = 6;
// Row tiles that stay in L2 while the panels pass: about 128 rows.
static constexpr int64_t kTilesPerBlock = 22;
// k is taken whole up to here, else in blocks of at most kDepthBlock.
static constexpr int64_t kWholeDepth = 1024;
static constexpr int64_t kDepthBlock = 512;
// Weights below this may stay in L2, where prefetches only cost. Processors without AVX-512
// have 256 to 512 KiB of it, those with AVX-512 a MiB or more.
static constexpr int64_t kPrefetchBytes = 64 * 1024, kPrefetchBytesWide = 256 * 1024;
// A single row reads weights up to here, if they are too large for L2, as one sequence: they
// come from the next cache, to which streams and prefetches only add work (measured on Zen 4:
// 98 GB/s against 70). What is larger comes from memory, which several streams keep busier.
static constexpr int64_t kSequenceBytes = 2 * 1024 * 1024;
static constexpr int64_t kSequenceChains = 4;
// Streams ask for 4 KiB ahead: 64 steps of k.
static constexpr int64_t kStreamAhead = 64;
// Lines of each panel that a pass asks for.
static constexpr int64_t kLinesAhead = 2;
// Fractional bits of the step by which a tile's prefetches advance.
static constexpr int64_t kStepBits = 8;

namespace {

/// The panels that one row tile works on together.
struct PanelGroup {
  Value first;      ///< index of its first panel
  int64_t panels;   ///< how many
  Value endsMatrix; ///< i1: whether it holds the last panel
};

/// The part of k that one pass covers.
struct DepthBlock {
  Value begin, end;
  Value isFirst, isLast; ///< i1
};

/// The next panel group's memory and how a tile shares in prefetching it.
struct NextPanels {
  Value offset;    ///< of the next group's first panel at its first k
  Value firstLine; ///< of this tile's share
  Value step;      ///< lines a panel for each pass of the main loop, fixed point
};

class ProductCode {
public:
  ProductCode(KernelBuilder &builder, const PanelProduct &product, const LevelInfo &level)
      : builder(builder), product(product), level(level),
        panelCount(llvm::divideCeil(product.columns, kPanelColumns)),
        vectorsPerPanel(kPanelColumns / builder.getLanes()), weightBytes(product.depth * product.columns * 4),
        prefetches(weightBytes > (level.lanes < 16 ? kPrefetchBytes : kPrefetchBytesWide)) {}

  void emit();

private:
  void emitStreamed(int64_t rows);
  void emitBlocked();
  void emitBlock(Value block, Value firstItem, Value lastItem);
  void emitBlockTiles(const PanelGroup &group, const DepthBlock &depth, Value nextOffset, Value tileBegin,
                      Value tileEnd);
  void emitRowTile(int64_t rows, Value firstRow, const PanelGroup &group, const DepthBlock &depth,
                   TilePrefetch prefetch);
  void prefetchNext(Value k, const DepthBlock &depth, const PanelGroup &group, const NextPanels &next);

  template <typename Body>
  void forGroups(int64_t panels, Value begin, Value end, Body body);
  bool isSequence(int64_t rows) const { return rows == 1 && prefetches && weightBytes < kSequenceBytes; }
  int64_t panelsFor(int64_t rows) const;
  Value panelOffset(Value panel) {
    return builder.add(product.panelsOffset, builder.mul(panel, product.depth * kPanelColumns));
  }
  Value boolean(bool value) { return arith::ConstantIntOp::create(builder, value, 1); }
  Value shareOf(Value items, int64_t partsBefore) {
    return builder.div(builder.mul(items, builder.add(product.part, partsBefore)), product.parts);
  }
  /// How the rows fall into tiles; set by emitBlocked.
  struct {
    Value count, rows, longer; ///< tiles, rows of the shorter ones, number of longer ones
    Value perBlock;            ///< tiles a block
    Value groups;              ///< panel groups
    int64_t panels;            ///< panels a group
  } tiles;

  KernelBuilder &builder;
  const PanelProduct &product;
  const LevelInfo &level;
  int64_t panelCount, vectorsPerPanel;
  int64_t weightBytes;
  bool prefetches;
};

} // namespace

int64_t ProductCode::panelsFor(int64_t rows) const {
  if (isSequence(rows))
    return 1;
  // Four page-distant streams saturate memory; a single row needs more accumulators than
  // that on wide registers to hide the latency of fma.
  int64_t registers = level.vectorRegisters;
  int64_t streams = rows == 1 ? registers / 4 : 4;
  int64_t fitting = (registers - 4) / (rows * vectorsPerPanel);
  return std::min({streams, fitting, panelCount});
}

/// Runs `body(group, index)` for the panel groups [begin, end) of `panels` panels. The last
/// group of the matrix has a body of its own where it holds fewer.
template <typename Body>
void ProductCode::forGroups(int64_t panels, Value begin, Value end, Body body) {
  int64_t groups = llvm::divideCeil(panelCount, panels);
  int64_t lastPanels = panelCount - (groups - 1) * panels;
  builder.loop(begin, end, 1, [&](Value index) {
    Value first = builder.mul(index, panels);
    Value isLast = builder.compare(arith::CmpIPredicate::eq, index, builder.index(groups - 1));
    if (groups == 1)
      isLast = boolean(true);
    if (lastPanels == panels)
      return body(PanelGroup{first, panels, isLast}, index);
    builder.ifElse(
        isLast, [&] { body(PanelGroup{first, lastPanels, boolean(true)}, index); },
        [&] { body(PanelGroup{first, panels, boolean(false)}, index); });
  });
}

void ProductCode::emitRowTile(int64_t rows, Value firstRow, const PanelGroup &group, const DepthBlock &depth,
                              TilePrefetch prefetch) {
  TileOperands operands{
      product.a, product.panels, {}, {}, builder.index(1), builder.index(kPanelColumns), builder.getLanes()};
  if (isSequence(rows))
    operands.chains = kSequenceChains;
  SmallVector<Value> rowNumbers, columns;
  for (int64_t row = 0; row < rows; ++row) {
    rowNumbers.push_back(builder.add(firstRow, row));
    operands.rowOffsets.push_back(product.rowOffset(builder, rowNumbers.back()));
  }
  Value panelBase = panelOffset(group.first), columnBase = builder.mul(group.first, kPanelColumns);
  for (int64_t vector = 0; vector < group.panels * vectorsPerPanel; ++vector) {
    int64_t panel = vector / vectorsPerPanel, lane = vector % vectorsPerPanel * builder.getLanes();
    operands.columnOffsets.push_back(builder.add(panelBase, panel * product.depth * kPanelColumns + lane));
    columns.push_back(builder.add(columnBase, panel * kPanelColumns + lane));
  }
  auto forEach = [&](auto body) {
    SmallVector<Value> results;
    for (Value row : rowNumbers)
      for (Value column : columns)
        results.push_back(body(row, column, results.size()));
    return results;
  };

  bool hasTail = product.columns % kPanelColumns != 0;
  auto available = [&](Value column) {
    return hasTail ? builder.subOrZero(builder.index(product.columns), column)
                   : builder.index(builder.getLanes());
  };
  SmallVector<Type> types(operands.size(), builder.vectorType());
  SmallVector<Value> sums = builder.ifElse(
      depth.isFirst, types,
      [&] {
        // One initial vector a column, shared by the rows.
        SmallVector<Value> initial;
        for (Value column : columns)
          initial.push_back(product.initial(builder, column, available(column)));
        return forEach([&](Value, Value, size_t index) { return initial[index % columns.size()]; });
      },
      [&] {
        return forEach([&](Value row, Value column, size_t) {
          return product.reload(builder, row, column, available(column));
        });
      });
  sums = emitTile(builder, operands, depth.begin, depth.end, sums, prefetch);

  auto write = [&](bool endsMatrix) {
    auto store = [&](auto &function) {
      int64_t left = product.columns - (panelCount - group.panels) * kPanelColumns;
      forEach([&](Value row, Value column, size_t index) {
        int64_t vector = index % columns.size();
        int64_t count = endsMatrix ? left - (vector / vectorsPerPanel * kPanelColumns +
                                             vector % vectorsPerPanel * builder.getLanes())
                                   : builder.getLanes();
        if (count > 0)
          function(builder, row, column, std::min(count, builder.getLanes()), sums[index]);
        return Value();
      });
    };
    builder.ifElse(depth.isLast, [&] { store(product.finish); }, [&] { store(product.spill); });
  };
  Value isPartial = hasTail ? group.endsMatrix : boolean(false);
  builder.ifElse(isPartial, [&] { write(true); }, [&] { write(false); });
}

/// One row tile, all of k, groups of panels divided among the parts.
void ProductCode::emitStreamed(int64_t rows) {
  int64_t panels = panelsFor(rows);
  Value groups = builder.index(llvm::divideCeil(panelCount, panels));
  DepthBlock depth{builder.index(0), builder.index(product.depth), boolean(true), boolean(true)};
  forGroups(panels, shareOf(groups, 0), shareOf(groups, 1), [&](const PanelGroup &group, Value) {
    Value base = panelOffset(group.first);
    auto ahead = [&](Value k) {
      for (int64_t panel = 0; panel < group.panels; ++panel)
        for (int64_t step = 0; step < kTileUnroll; ++step) {
          int64_t line = panel * product.depth + step + kStreamAhead;
          builder.prefetch(product.panels, builder.add(builder.add(base, builder.mul(k, kPanelColumns)),
                                                       line * kPanelColumns));
        }
    };
    bool asks = prefetches && !isSequence(rows);
    emitRowTile(rows, builder.index(0), group, depth, asks ? TilePrefetch(ahead) : TilePrefetch());
  });
}

/// Asks for two lines of each panel of the next group, at this pass's place in the tile's
/// share: what two tiles need; with more, lines asked for twice cost nothing.
void ProductCode::prefetchNext(Value k, const DepthBlock &depth, const PanelGroup &group,
                               const NextPanels &next) {
  Value pass = builder.div(builder.sub(k, depth.begin), builder.index(kTileUnroll));
  Value advance = arith::ShRUIOp::create(builder, builder.mul(pass, next.step), builder.index(kStepBits));
  Value line = builder.add(next.firstLine, advance);
  Value offset = builder.add(next.offset, builder.mul(line, kPanelColumns));
  for (int64_t panel = 0; panel < group.panels; ++panel)
    for (int64_t ahead = 0; ahead < kLinesAhead; ++ahead)
      builder.prefetch(product.panels, builder.add(offset, (panel * product.depth + ahead) * kPanelColumns));
}

void ProductCode::emitBlockTiles(const PanelGroup &group, const DepthBlock &depth, Value nextOffset,
                                 Value tileBegin, Value tileEnd) {
  Value count = builder.sub(tileEnd, tileBegin);
  Value lines = builder.sub(depth.end, depth.begin);
  Value step = builder.div(builder.index(kTileUnroll << kStepBits), count);
  SmallVector<int64_t> cases;
  for (int64_t rows = (kMaxRows + 1) / 2; rows <= kMaxRows; ++rows)
    cases.push_back(rows);
  // The first row is carried: computed from the tile's number, it would be computed again
  // in each step of the inner loop.
  Value blockRow = builder.add(builder.mul(tileBegin, tiles.rows), builder.min(tileBegin, tiles.longer));
  builder.loop(tileBegin, tileEnd, 1, blockRow, [&](Value tile, ValueRange carried) {
    Value firstRow = carried.front();
    Value isLonger = builder.compare(arith::CmpIPredicate::ult, tile, tiles.longer);
    Value rows = builder.select(isLonger, builder.add(tiles.rows, 1), tiles.rows);
    Value firstLine = builder.div(builder.mul(builder.sub(tile, tileBegin), lines), count);
    NextPanels next{nextOffset, firstLine, step};
    auto ahead = [&](Value k) { prefetchNext(k, depth, group, next); };
    builder.switchOn(rows, cases, [&](int64_t rows) {
      emitRowTile(rows, firstRow, group, depth, prefetches ? TilePrefetch(ahead) : TilePrefetch());
    });
    return SmallVector<Value>{builder.add(firstRow, rows)};
  });
}

/// The panel groups of one block of rows that lie in [firstItem, lastItem).
void ProductCode::emitBlock(Value block, Value firstItem, Value lastItem) {
  Value base = builder.mul(block, tiles.groups);
  Value groupBegin = builder.subOrZero(firstItem, base);
  Value groupEnd = builder.min(builder.sub(lastItem, base), tiles.groups);
  Value tileBegin = builder.mul(block, tiles.perBlock);
  Value tileEnd = builder.min(builder.add(tileBegin, tiles.perBlock), tiles.count);

  int64_t blocks = product.depth <= kWholeDepth ? 1 : llvm::divideCeil(product.depth, kDepthBlock);
  int64_t length = llvm::alignTo(llvm::divideCeil(product.depth, blocks), kTileUnroll);
  auto emitDepth = [&](const DepthBlock &depth) {
    forGroups(tiles.panels, groupBegin, groupEnd, [&](const PanelGroup &group, Value index) {
      // After the last group comes the first one at the next k.
      Value isLast = builder.compare(arith::CmpIPredicate::eq, builder.add(index, 1), groupEnd);
      Value nextGroup = builder.select(isLast, groupBegin, builder.add(index, 1));
      Value nextK = builder.select(isLast, depth.end, depth.begin);
      Value offset =
          builder.add(panelOffset(builder.mul(nextGroup, tiles.panels)), builder.mul(nextK, kPanelColumns));
      emitBlockTiles(group, depth, offset, tileBegin, tileEnd);
    });
  };
  Value zero = builder.index(0), depth = builder.index(product.depth);
  if (blocks == 1)
    return emitDepth({zero, depth, boolean(true), boolean(true)});
  builder.loop(zero, depth, length, [&](Value begin) {
    Value end = builder.min(builder.add(begin, length), depth);
    emitDepth({begin, end, builder.compare(arith::CmpIPredicate::eq, begin, zero),
               builder.compare(arith::CmpIPredicate::eq, end, depth)});
  });
}

/// Blocks of row tiles times panel groups, in one order that is divided among the parts.
void ProductCode::emitBlocked() {
  Value one = builder.index(1);
  tiles.count = builder.ceilDiv(product.rows, builder.index(kMaxRows));
  Value blocks = builder.ceilDiv(tiles.count, builder.index(kTilesPerBlock));
  tiles.perBlock = builder.ceilDiv(tiles.count, builder.max(blocks, one));
  tiles.rows = builder.div(product.rows, builder.max(tiles.count, one));
  tiles.longer = builder.sub(product.rows, builder.mul(tiles.rows, tiles.count));
  tiles.panels = panelsFor(kMaxRows);
  tiles.groups = builder.index(llvm::divideCeil(panelCount, tiles.panels));

  Value items = builder.mul(blocks, tiles.groups);
  Value firstItem = shareOf(items, 0), lastItem = shareOf(items, 1);
  Value firstBlock = builder.div(firstItem, tiles.groups),
        lastBlock = builder.ceilDiv(lastItem, tiles.groups);
  builder.loop(firstBlock, lastBlock, 1, [&](Value block) { emitBlock(block, firstItem, lastItem); });
}

void ProductCode::emit() {
  Value isShort = builder.compare(arith::CmpIPredicate::ule, product.rows, builder.index(kMaxRows));
  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows <= kMaxRows; ++rows)
    cases.push_back(rows);
  builder.ifElse(
      isShort, [&] { builder.switchOn(product.rows, cases, [&](int64_t rows) { emitStreamed(rows); }); },
      [&] { emitBlocked(); });
}

void pleat::emitPanelProduct(KernelBuilder &builder, const PanelProduct &product, const LevelInfo &level) {
  ProductCode(builder, product, level).emit();
}
