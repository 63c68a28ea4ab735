/// Blocks of rows, groups of panels, tiles of sums; scratch is where all of it meets.
#include "passes/CPU/EmitLinear/TileProduct.h"

#include "passes/CPU/EmitLinear/PanelPrefetch.h"
#include "passes/CPU/EmitLinear/ProductWalk.h"
#include "passes/CPU/EmitLinear/RoundedRows.h"
#include "passes/CPU/KernelAbi/KernelAbi.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace pleat;

static constexpr int64_t kTileRows = RoundedRows::kTileRows;
static constexpr int64_t kTileColumns = PairPanels::kTileColumns;
// Row tiles that are rounded at a time: with K = 768 they take 192 KiB of L2.
static constexpr int64_t kTilesPerBlock = 8;
// Four tiles of sums; with two of each operand that is all eight registers.
static constexpr size_t kTileRegisters = 8;
static constexpr int64_t kSumTiles = 4;
static constexpr int64_t kSumElements = kSumTiles * kTileRows * kTileColumns;

namespace {

/// A product of a part of the activations with a part of the weights.
struct PartProduct {
  int64_t left, right;
};

// From the smallest products to the largest, as far as neighbours share an operand. What is
// left out is below the rounding of f32.
constexpr PartProduct kWholeProducts[] = {{0, 0}};
constexpr PartProduct kSplitProducts[] = {{2, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}, {0, 2}};

class TileCode {
public:
  TileCode(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights, Value panels,
           Value scratch)
      : builder(builder), product(product), weights(weights),
        products(weights.parts == 1 ? ArrayRef(kWholeProducts) : ArrayRef(kSplitProducts)),
        panelTiles(memory(panels, builder.getBF16Type())), panelPairs(memory(panels, builder.getF32Type())),
        sums(memory(scratch, builder.getF32Type())),
        initial(memory(behind(scratch, kSumElements * 4), builder.getF32Type())),
        rows{weights, memory(behind(scratch, kSumElements * 8), builder.getI16Type()),
             memory(behind(scratch, kSumElements * 8), builder.getBF16Type())} {}

  void emit();

private:
  void emitBlocks(int64_t columnTiles, int64_t rowTiles);
  void emitGroup(const ColumnGroup &group, const NextPanels &next, Value firstRow, Value rowCount,
                 int64_t rowTiles);
  void emitTiles(int64_t rowTiles, Value tile, Value blockRow, Value rowCount, const ColumnGroup &group,
                 const BlockPrefetch &prefetch);
  SmallVector<Value> panelOffsets(const ColumnGroup &group) {
    SmallVector<Value> offsets;
    for (int64_t unit = 0; unit < group.units; ++unit)
      offsets.push_back(weights.tileOffset(builder, builder.add(group.first, unit)));
    return offsets;
  }
  SmallVector<Value> multiplyBlock(int64_t rowTiles, Value tile, Value block, ArrayRef<Value> panelOffsets,
                                   SmallVector<Value> accumulators);
  void storeInitial(const ColumnGroup &group);
  void writeRows(Value firstRow, Value count, const ColumnGroup &group);

  Value memory(Value pointer, Type element) {
    auto type = MemRefType::get({ShapedType::kDynamic}, element);
    return memrefFromPointer(builder, builder.getLoc(), type, pointer, builder.index(0), {});
  }
  Value behind(Value pointer, int64_t bytes) {
    return LLVM::GEPOp::create(builder, pointer.getType(), builder.getI8Type(), pointer,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
  }
  Value load(Type tile, Value memory, Value offset, int64_t stride) {
    return amx::TileLoadOp::create(builder, tile, memory, ValueRange(offset), builder.index(stride));
  }

  KernelBuilder &builder;
  const PanelProduct &product;
  const PairPanels &weights;
  ArrayRef<PartProduct> products;
  Value panelTiles, panelPairs; ///< the weights as bf16, and as pairs
  Value sums, initial;
  RoundedRows rows;
};

} // namespace

int64_t pleat::tileProductScratch(const PairPanels &weights, std::optional<int64_t> rows) {
  int64_t tiles =
      rows ? std::min(llvm::divideCeil(*rows, kTileRows), uint64_t(kTilesPerBlock)) : kTilesPerBlock;
  return kSumElements * 8 + tiles * RoundedRows{weights, {}, {}}.tileSize() * 2;
}

/// The first values of a group's sums, one line of 16 a tile.
void TileCode::storeInitial(const ColumnGroup &group) {
  for (int64_t unit = 0; unit < group.units; ++unit) {
    Value column = builder.mul(builder.add(group.first, unit), kTileColumns);
    Value available = builder.subOrZero(builder.index(weights.columns), column);
    builder.store(product.initial(builder, column, available), initial, builder.index(unit * kTileColumns));
  }
}

/// Adds the products of one block of k to `accumulators`, row tile by row tile.
SmallVector<Value> TileCode::multiplyBlock(int64_t rowTiles, Value tile, Value block,
                                           ArrayRef<Value> panelOffsets, SmallVector<Value> accumulators) {
  auto operand = amx::TileType::get({kTileRows, PairPanels::kBlockDepth}, builder.getBF16Type());
  size_t columnTiles = panelOffsets.size();
  auto loadLeft = [&](int64_t part) {
    SmallVector<Value> tiles;
    for (int64_t row = 0; row < rowTiles; ++row)
      tiles.push_back(load(operand, rows.tiles, rows.offset(builder, builder.add(tile, row), block, part),
                           PairPanels::kBlockDepth));
    return tiles;
  };
  auto loadRight = [&](size_t column, int64_t part) {
    Value offset = builder.add(panelOffsets[column], builder.mul(block, weights.blockSize()));
    // Offsets of panels count pairs.
    return load(operand, panelTiles, builder.mul(builder.add(offset, part * PairPanels::kPart), 2),
                2 * PairPanels::kLine);
  };
  SmallVector<Value> left;
  SmallVector<Value> right(columnTiles);
  // Four columns leave no registers to keep theirs in.
  bool keepsRight = accumulators.size() + rowTiles + columnTiles <= kTileRegisters;
  std::optional<PartProduct> before;
  for (PartProduct parts : products) {
    if (!before || before->left != parts.left)
      left = loadLeft(parts.left);
    for (size_t column = 0; column < columnTiles; ++column) {
      if (!keepsRight || !before || before->right != parts.right)
        right[column] = loadRight(column, parts.right);
      for (int64_t row = 0; row < rowTiles; ++row) {
        Value &sum = accumulators[row * columnTiles + column];
        sum = amx::TileMulFOp::create(builder, sum.getType(), left[row], right[column], sum);
      }
    }
    before = parts;
  }
  return accumulators;
}

/// What is fused behind, on `count` rows of finished sums.
void TileCode::writeRows(Value firstRow, Value count, const ColumnGroup &group) {
  bool hasTail = weights.columns % kTileColumns != 0;
  int64_t left = weights.columns - (weights.tiles() - group.units) * kTileColumns,
          stride = group.units * kTileColumns;
  auto write = [&](bool endsMatrix) {
    builder.loop(builder.index(0), count, 1, [&](Value row) {
      for (int64_t unit = 0; unit < group.units; ++unit) {
        int64_t columns = endsMatrix ? std::min(left - unit * kTileColumns, kTileColumns) : kTileColumns;
        Value sum = builder.load(sums, builder.add(builder.mul(row, stride), unit * kTileColumns));
        Value column = builder.mul(builder.add(group.first, unit), kTileColumns);
        product.finish(builder, builder.add(firstRow, row), column, columns, sum);
      }
    });
  };
  builder.ifElse(
      hasTail ? group.endsMatrix : boolean(builder, false), [&] { write(true); }, [&] { write(false); });
}

/// `rowTiles` row tiles from `tile` of a block that begins at row `blockRow`, with a group
/// of columns, over all of K.
void TileCode::emitTiles(int64_t rowTiles, Value tile, Value blockRow, Value rowCount,
                         const ColumnGroup &group, const BlockPrefetch &prefetch) {
  auto type = amx::TileType::get({kTileRows, kTileColumns}, builder.getF32Type());
  SmallVector<Value> accumulators, offsets = panelOffsets(group);
  for (int64_t row = 0; row < rowTiles; ++row)
    for (int64_t unit = 0; unit < group.units; ++unit)
      accumulators.push_back(load(type, initial, builder.index(unit * kTileColumns), /*stride=*/0));
  accumulators =
      builder.loop(builder.index(0), builder.index(weights.blocks()), 1, accumulators,
                   [&](Value block, ValueRange carried) {
                     if (prefetch.block)
                       prefetch.block(block);
                     if (prefetch.line)
                       prefetch.line(block, builder.index(0), PairPanels::kBlockDepth / 2);
                     return multiplyBlock(rowTiles, tile, block, offsets, SmallVector<Value>(carried));
                   });
  int64_t stride = group.units * kTileColumns;
  for (auto [index, sum] : llvm::enumerate(accumulators)) {
    int64_t row = index / group.units, unit = index % group.units;
    amx::TileStoreOp::create(builder, sums,
                             ValueRange(builder.index(row * kTileRows * stride + unit * kTileColumns)), sum,
                             builder.index(stride));
  }
  Value first = builder.mul(tile, kTileRows);
  Value count = builder.min(builder.sub(rowCount, first), builder.index(rowTiles * kTileRows));
  writeRows(builder.add(blockRow, first), count, group);
}

/// All row tiles of a block with one group of columns, `rowTiles` at a time.
void TileCode::emitGroup(const ColumnGroup &group, const NextPanels &next, Value blockRow, Value rowCount,
                         int64_t rowTiles) {
  storeInitial(group);
  if (rowTiles == 1) // the only tile
    return emitTiles(1, builder.index(0), blockRow, rowCount, group,
                     streamPrefetch(builder, panelPairs, weights, panelOffsets(group)));
  Value tiles = builder.ceilDiv(rowCount, builder.index(kTileRows)),
        steps = builder.ceilDiv(tiles, builder.index(2));
  builder.loop(builder.index(0), steps, 1, [&](Value step) {
    BlockPrefetch prefetch = sharedPrefetch(builder, panelPairs, weights, next, step, steps);
    Value tile = builder.mul(step, 2);
    Value isPair = builder.compare(arith::CmpIPredicate::ult, builder.add(tile, 1), tiles);
    builder.ifElse(
        isPair, [&] { emitTiles(2, tile, blockRow, rowCount, group, prefetch); },
        [&] { emitTiles(1, tile, blockRow, rowCount, group, prefetch); });
  });
}

/// Blocks of rows times groups of `columnTiles` tiles of columns, divided among the parts.
void TileCode::emitBlocks(int64_t columnTiles, int64_t rowTiles) {
  columnTiles = std::min(columnTiles, weights.tiles());
  int64_t blockRows = rowTiles == 1 ? kTileRows : kTilesPerBlock * kTileRows;
  Value blocks = builder.ceilDiv(product.rows, builder.index(blockRows));
  Value groups = builder.index(llvm::divideCeil(weights.tiles(), columnTiles));
  forShareOfBlocks(
      builder, blocks, groups, product.part, product.parts, [&](Value block, Value begin, Value end) {
        Value blockRow = builder.mul(block, blockRows);
        Value rowCount = builder.min(builder.sub(product.rows, blockRow), builder.index(blockRows));
        rows.fill(builder, product, blockRow, rowCount);
        forGroups(
            builder, weights.tiles(), columnTiles, begin, end, [&](const ColumnGroup &group, Value index) {
              Value next =
                  builder.select(builder.compare(arith::CmpIPredicate::eq, builder.add(index, 1), end), begin,
                                 builder.add(index, 1));
              emitGroup(group, NextPanels{builder.mul(next, columnTiles), group.units, builder.index(0)},
                        blockRow, rowCount, rowTiles);
            });
      });
}

void TileCode::emit() {
  Value isNarrow = builder.compare(arith::CmpIPredicate::ule, product.rows, builder.index(kTileRows));
  builder.ifElse(isNarrow, [&] { emitBlocks(kSumTiles, 1); }, [&] { emitBlocks(2, 2); });
}

void pleat::emitTileProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                            Value panels, Value scratch) {
  TileCode(builder, product, weights, panels, scratch).emit();
}
