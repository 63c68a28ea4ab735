/// Tile shapes, loop order, blocking of k and prefetch for products over panels.
#include "passes/CPU/EmitLinear/PanelProduct.h"

#include "passes/CPU/EmitLinear/ProductTile.h"

using namespace mlir;
using namespace pleat;

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

/// The next panel group's memory and how a tile shares in prefetching it.
struct NextLines {
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
  void emitBlockTiles(const ColumnGroup &group, const DepthRange &range, Value nextOffset,
                      const RowTiles &tiles, Value tileBegin, Value tileEnd);
  void emitRowTile(int64_t rows, Value firstRow, const ColumnGroup &group, const DepthRange &range,
                   TilePrefetch prefetch);
  void prefetchNext(Value k, const DepthRange &range, const ColumnGroup &group, const NextLines &next);

  bool isSequence(int64_t rows) const { return rows == 1 && prefetches && weightBytes < kSequenceBytes; }
  int64_t panelsFor(int64_t rows) const;
  Value panelOffset(Value panel) {
    return builder.add(product.panelsOffset, builder.mul(panel, product.depth * kPanelColumns));
  }

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

void ProductCode::emitRowTile(int64_t rows, Value firstRow, const ColumnGroup &group, const DepthRange &range,
                              TilePrefetch prefetch) {
  ProductTile tile(builder, product, rows, firstRow, group);
  TileOperands operands{
      product.a, product.panels, {}, {}, builder.index(1), builder.index(kPanelColumns), builder.getLanes()};
  if (isSequence(rows))
    operands.chains = kSequenceChains;
  llvm::append_range(operands.rowOffsets, tile.rowOffsets());
  Value base = panelOffset(group.first);
  for (int64_t panel = 0; panel < group.units; ++panel)
    for (int64_t lane = 0; lane < kPanelColumns; lane += builder.getLanes())
      operands.columnOffsets.push_back(builder.add(base, panel * product.depth * kPanelColumns + lane));
  tile.end(builder, range,
           emitTile(builder, operands, range.begin, range.end, tile.begin(builder, range), prefetch));
}

/// One row tile, all of k, groups of panels divided among the parts.
void ProductCode::emitStreamed(int64_t rows) {
  int64_t panels = panelsFor(rows);
  Value groups = builder.index(llvm::divideCeil(panelCount, panels));
  DepthRange range{builder.index(0), builder.index(product.depth), boolean(builder, true),
                   boolean(builder, true)};
  Value begin = shareBegin(builder, groups, product.part, product.parts);
  Value end = shareBegin(builder, groups, builder.add(product.part, 1), product.parts);
  forGroups(builder, panelCount, panels, begin, end, [&](const ColumnGroup &group, Value) {
    Value base = panelOffset(group.first);
    auto ahead = [&](Value k) {
      for (int64_t panel = 0; panel < group.units; ++panel)
        for (int64_t step = 0; step < kTileUnroll; ++step) {
          int64_t line = panel * product.depth + step + kStreamAhead;
          builder.prefetch(product.panels, builder.add(builder.add(base, builder.mul(k, kPanelColumns)),
                                                       line * kPanelColumns));
        }
    };
    bool asks = prefetches && !isSequence(rows);
    emitRowTile(rows, builder.index(0), group, range, asks ? TilePrefetch(ahead) : TilePrefetch());
  });
}

/// Asks for two lines of each panel of the next group, at this pass's place in the tile's
/// share: what two tiles need; with more, lines asked for twice cost nothing.
void ProductCode::prefetchNext(Value k, const DepthRange &range, const ColumnGroup &group,
                               const NextLines &next) {
  Value pass = builder.div(builder.sub(k, range.begin), builder.index(kTileUnroll));
  Value advance = arith::ShRUIOp::create(builder, builder.mul(pass, next.step), builder.index(kStepBits));
  Value line = builder.add(next.firstLine, advance);
  Value offset = builder.add(next.offset, builder.mul(line, kPanelColumns));
  for (int64_t panel = 0; panel < group.units; ++panel)
    for (int64_t ahead = 0; ahead < kLinesAhead; ++ahead)
      builder.prefetch(product.panels, builder.add(offset, (panel * product.depth + ahead) * kPanelColumns));
}

void ProductCode::emitBlockTiles(const ColumnGroup &group, const DepthRange &range, Value nextOffset,
                                 const RowTiles &tiles, Value tileBegin, Value tileEnd) {
  Value count = builder.sub(tileEnd, tileBegin), lines = builder.sub(range.end, range.begin);
  Value step = builder.div(builder.index(kTileUnroll << kStepBits), count);
  forRowTiles(builder, tiles, tileBegin, tileEnd, [&](int64_t rows, Value firstRow, Value tile) {
    Value firstLine = builder.div(builder.mul(builder.sub(tile, tileBegin), lines), count);
    NextLines next{nextOffset, firstLine, step};
    auto ahead = [&](Value k) { prefetchNext(k, range, group, next); };
    emitRowTile(rows, firstRow, group, range, prefetches ? TilePrefetch(ahead) : TilePrefetch());
  });
}

/// Blocks of row tiles times panel groups, in one order that is divided among the parts.
void ProductCode::emitBlocked() {
  RowTiles tiles = cutRows(builder, product.rows);
  int64_t panels = panelsFor(kTileRowsMax);
  int64_t ranges = product.depth <= kWholeDepth ? 1 : llvm::divideCeil(product.depth, kDepthBlock);
  int64_t length = llvm::alignTo(llvm::divideCeil(product.depth, ranges), kTileUnroll);
  Value groups = builder.index(llvm::divideCeil(panelCount, panels));
  forShareOfBlocks(
      builder, tiles.blocks, groups, product.part, product.parts, [&](Value block, Value begin, Value end) {
        Value tileBegin = builder.mul(block, tiles.perBlock);
        Value tileEnd = builder.min(builder.add(tileBegin, tiles.perBlock), tiles.count);
        forGroupsInRanges(builder, panelCount, panels, product.depth, length, begin, end,
                          [&](const ColumnGroup &group, const DepthRange &range, const NextGroup &next) {
                            Value k = builder.add(range.begin, next.ahead);
                            Value offset = builder.add(panelOffset(builder.mul(next.index, panels)),
                                                       builder.mul(k, kPanelColumns));
                            emitBlockTiles(group, range, offset, tiles, tileBegin, tileEnd);
                          });
      });
}

void ProductCode::emit() {
  Value isShort = builder.compare(arith::CmpIPredicate::ule, product.rows, builder.index(kTileRowsMax));
  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows <= kTileRowsMax; ++rows)
    cases.push_back(rows);
  builder.ifElse(
      isShort, [&] { builder.switchOn(product.rows, cases, [&](int64_t rows) { emitStreamed(rows); }); },
      [&] { emitBlocked(); });
}

void pleat::emitPanelProduct(KernelBuilder &builder, const PanelProduct &product, const LevelInfo &level) {
  ProductCode(builder, product, level).emit();
}
