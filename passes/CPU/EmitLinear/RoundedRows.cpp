/// Rounds row by row; the order of tiles is in the addresses.
#include "passes/CPU/EmitLinear/RoundedRows.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace pleat;

Value RoundedRows::offset(KernelBuilder &builder, Value tile, Value block, int64_t part) const {
  Value inTile = builder.mul(block, weights.parts * kTileElements);
  return builder.add(builder.add(builder.mul(tile, tileSize()), inTile), part * kTileElements);
}

static void storeBits(KernelBuilder &builder, Value bits, Value memory, Value offset) {
  auto type = VectorType::get({builder.getLanes()}, builder.getI16Type());
  vector::StoreOp::create(builder, arith::TruncIOp::create(builder, type, bits), memory, offset);
}

/// What is left of `vector` after `rounded`, the bf16 in its low halves; exact where finite.
static Value remainder(KernelBuilder &builder, Value vector, Value rounded) {
  Value value = widenLow(builder, arith::BitcastOp::create(builder, builder.vectorType(), rounded));
  Value infinity = builder.splat(std::numeric_limits<float>::infinity());
  Value isFinite = arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT,
                                         math::AbsFOp::create(builder, value), infinity);
  Value rest = arith::SubFOp::create(builder, vector, value);
  return arith::SelectOp::create(builder, isFinite, rest, builder.splat(0));
}

/// `depth` elements of one row and block, and zeros up to the block's end.
void RoundedRows::fillBlock(KernelBuilder &builder, const PanelProduct &product, Value rowOffset, Value to,
                            Value block, int64_t depth) const {
  int64_t lanes = builder.getLanes();
  Value from = builder.add(rowOffset, builder.mul(block, PairPanels::kBlockDepth));
  for (int64_t k = 0; k < PairPanels::kBlockDepth; k += lanes) {
    int64_t count = std::clamp<int64_t>(depth - k, 0, lanes);
    Value rest = count ? builder.load(product.a, builder.add(from, k), count) : builder.splat(0);
    for (int64_t part = 0; part < weights.parts; ++part) {
      Value rounded = roundToBf16(builder, rest);
      storeBits(builder, rounded, bits, builder.add(to, part * kTileElements + k));
      if (part + 1 < weights.parts)
        rest = remainder(builder, rest, rounded);
    }
  }
}

void RoundedRows::fill(KernelBuilder &builder, const PanelProduct &product, Value first, Value count) const {
  Value zero = builder.index(0), tileRows = builder.index(kTileRows),
        blocks = builder.index(weights.blocks());
  auto rowPlace = [&](Value row, Value block) {
    Value place = offset(builder, builder.div(row, tileRows), block, 0);
    return builder.add(place, builder.mul(builder.rem(row, tileRows), PairPanels::kBlockDepth));
  };
  int64_t whole = weights.depth / PairPanels::kBlockDepth, rest = weights.depth % PairPanels::kBlockDepth;
  builder.loop(zero, count, 1, [&](Value row) {
    Value rowOffset = product.rowOffset(builder, builder.add(first, row));
    if (whole > 0)
      builder.loop(zero, builder.index(whole), 1, [&](Value block) {
        fillBlock(builder, product, rowOffset, rowPlace(row, block), block, PairPanels::kBlockDepth);
      });
    if (rest > 0) {
      Value block = builder.index(whole);
      fillBlock(builder, product, rowOffset, rowPlace(row, block), block, rest);
    }
  });
  auto zeros = VectorType::get({builder.getLanes()}, builder.getI16Type());
  builder.loop(count, builder.mul(builder.ceilDiv(count, tileRows), kTileRows), 1, [&](Value row) {
    builder.loop(zero, blocks, 1, [&](Value block) {
      Value place = rowPlace(row, block);
      for (int64_t part = 0; part < weights.parts; ++part)
        for (int64_t k = 0; k < PairPanels::kBlockDepth; k += builder.getLanes())
          vector::StoreOp::create(builder, arith::ConstantOp::create(builder, builder.getZeroAttr(zeros)),
                                  bits, builder.add(place, part * kTileElements + k));
    });
  });
}
