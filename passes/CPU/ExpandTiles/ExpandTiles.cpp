// A tile is a vector for each row; a product goes through memory, where its rows can be walked.
#include "passes/CPU/ExpandTiles/ExpandTiles.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

namespace pleat {
#define GEN_PASS_DEF_EXPANDTILES
#include "passes/CPU/ExpandTiles/ExpandTiles.h.inc"
} // namespace pleat

using namespace mlir;

/// The vectors that stand for a tile: its rows. bf16 is carried as its bits: not every level
/// has vectors of it.
static SmallVector<Type> rowTypes(amx::TileType tile) {
  Type element = tile.getElementType();
  if (element.isBF16())
    element = IntegerType::get(tile.getContext(), 16);
  return SmallVector<Type>(tile.getDimSize(0), VectorType::get({tile.getDimSize(1)}, element));
}

/// `row` with its bits taken as elements of `element`.
static Value retype(ImplicitLocOpBuilder &builder, Value row, Type element) {
  auto type = VectorType::get(cast<VectorType>(row.getType()).getShape(), element);
  return type == row.getType() ? row : Value(arith::BitcastOp::create(builder, type, row));
}

/// The indices of row `row` of a tile at `indices`; `stride` separates rows, where given, on
/// the last axis, else they are neighbours on the one before.
static SmallVector<Value> rowIndices(ImplicitLocOpBuilder &builder, ValueRange indices, Value stride,
                                     int64_t row) {
  SmallVector<Value> result(indices);
  Value number = arith::ConstantIndexOp::create(builder, row);
  Value &axis = stride ? result.back() : result[result.size() - 2];
  if (stride)
    number = arith::MulIOp::create(builder, number, stride);
  axis = arith::AddIOp::create(builder, axis, number);
  return result;
}

namespace {

struct ExpandZero : OpConversionPattern<amx::TileZeroOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileZeroOp op, OneToNOpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<Type> types = rowTypes(op.getTileType());
    Value zero = arith::ConstantOp::create(rewriter, op.getLoc(), rewriter.getZeroAttr(types.front()));
    rewriter.replaceOpWithMultiple(op, {SmallVector<Value>(types.size(), zero)});
    return success();
  }
};

struct ExpandLoad : OpConversionPattern<amx::TileLoadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileLoadOp op, OneToNOpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    SmallVector<Value> rows;
    for (auto [row, type] : llvm::enumerate(rowTypes(op.getTileType()))) {
      auto stored = VectorType::get(cast<VectorType>(type).getShape(), op.getMemRefType().getElementType());
      Value loaded = vector::LoadOp::create(builder, stored, op.getBase(),
                                            rowIndices(builder, op.getIndices(), op.getStride(), row));
      rows.push_back(retype(builder, loaded, cast<VectorType>(type).getElementType()));
    }
    rewriter.replaceOpWithMultiple(op, {rows});
    return success();
  }
};

struct ExpandStore : OpConversionPattern<amx::TileStoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(amx::TileStoreOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    for (auto [row, value] : llvm::enumerate(adaptor.getVal()))
      vector::StoreOp::create(builder, retype(builder, value, op.getMemRefType().getElementType()),
                              op.getBase(), rowIndices(builder, op.getIndices(), op.getStride(), row));
    rewriter.eraseOp(op);
    return success();
  }
};

/// Pairs of bf16 are multiplied in f32, evens before odds.
struct ExpandProduct : OpConversionPattern<amx::TileMulFOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(amx::TileMulFOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!op.getLhsTileType().getElementType().isBF16())
      return rewriter.notifyMatchFailure(op, "expects tiles of bf16");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto sumType = cast<VectorType>(adaptor.getAcc().front().getType());
    Value left = spill(builder, op, adaptor.getLhs()), right = spill(builder, op, adaptor.getRhs());
    Value sums = spill(builder, op, adaptor.getAcc());
    int64_t rows = adaptor.getAcc().size(), pairs = op.getRhsTileType().getDimSize(0);
    Value zero = arith::ConstantIndexOp::create(builder, 0), one = arith::ConstantIndexOp::create(builder, 1);
    auto rowLoop = scf::ForOp::create(builder, zero, arith::ConstantIndexOp::create(builder, rows), one);
    builder.setInsertionPointToStart(rowLoop.getBody());
    Value row = rowLoop.getInductionVar();
    Value sum = vector::LoadOp::create(builder, sumType, sums, ValueRange{row, zero});
    auto pairLoop =
        scf::ForOp::create(builder, zero, arith::ConstantIndexOp::create(builder, pairs), one, sum);
    builder.setInsertionPointToStart(pairLoop.getBody());
    Value next = addPair(builder, left, right, row, pairLoop.getInductionVar(), pairLoop.getRegionIterArg(0));
    scf::YieldOp::create(builder, next);
    builder.setInsertionPointAfter(pairLoop);
    vector::StoreOp::create(builder, pairLoop.getResult(0), sums, ValueRange{row, zero});
    builder.setInsertionPointAfter(rowLoop);
    rewriter.replaceOpWithMultiple(op, {reload(builder, sums, rows, sumType)});
    return success();
  }

private:
  /// A buffer that holds the rows of a tile, one a product, in the function's frame.
  static Value spill(ImplicitLocOpBuilder &builder, Operation *op, ValueRange rows) {
    auto type = cast<VectorType>(rows.front().getType());
    Value buffer;
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&op->getParentOfType<func::FuncOp>().front());
      SmallVector<int64_t> shape{static_cast<int64_t>(rows.size()), type.getDimSize(0)};
      buffer = memref::AllocaOp::create(builder, MemRefType::get(shape, type.getElementType()));
    }
    Value zero = arith::ConstantIndexOp::create(builder, 0);
    for (auto [row, value] : llvm::enumerate(rows))
      vector::StoreOp::create(builder, value, buffer,
                              ValueRange{arith::ConstantIndexOp::create(builder, row), zero});
    return buffer;
  }

  static SmallVector<Value> reload(ImplicitLocOpBuilder &builder, Value buffer, int64_t count,
                                   VectorType type) {
    Value zero = arith::ConstantIndexOp::create(builder, 0);
    SmallVector<Value> rows;
    for (int64_t row = 0; row < count; ++row)
      rows.push_back(vector::LoadOp::create(builder, type, buffer,
                                            ValueRange{arith::ConstantIndexOp::create(builder, row), zero}));
    return rows;
  }

  /// sum + left[row][2 pair] * right[pair][evens] + left[row][2 pair + 1] * right[pair][odds].
  static Value addPair(ImplicitLocOpBuilder &builder, Value left, Value right, Value row, Value pair,
                       Value sum) {
    auto sumType = cast<VectorType>(sum.getType());
    int64_t width = sumType.getDimSize(0);
    auto pairsType = VectorType::get({2 * width}, builder.getI16Type());
    Value zero = arith::ConstantIndexOp::create(builder, 0), two = arith::ConstantIndexOp::create(builder, 2);
    Value line = vector::LoadOp::create(builder, pairsType, right, ValueRange{pair, zero});
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<int64_t> lanes;
      for (int64_t lane = 0; lane < width; ++lane)
        lanes.push_back(2 * lane + half);
      Value factors = vector::ShuffleOp::create(builder, line, line, lanes);
      Value column = arith::AddIOp::create(builder, arith::MulIOp::create(builder, pair, two).getResult(),
                                           arith::ConstantIndexOp::create(builder, half).getResult());
      Value factor = memref::LoadOp::create(builder, left, ValueRange{row, column});
      Value broadcast = vector::BroadcastOp::create(builder, factors.getType(), factor);
      sum = math::FmaOp::create(builder, widen(builder, broadcast, sumType), widen(builder, factors, sumType),
                                sum);
    }
    return sum;
  }

  static Value widen(ImplicitLocOpBuilder &builder, Value bits, VectorType type) {
    auto wide = VectorType::get(type.getShape(), builder.getI32Type());
    Value extended = arith::ExtUIOp::create(builder, wide, bits);
    Value sixteen = arith::ConstantOp::create(builder, DenseElementsAttr::get(wide, llvm::APInt(32, 16)));
    return arith::BitcastOp::create(builder, type,
                                    arith::ShLIOp::create(builder, extended, sixteen).getResult());
  }
};

class ExpandTilesPass : public pleat::impl::ExpandTilesBase<ExpandTilesPass> {
public:
  void runOnOperation() override {
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion([](amx::TileType tile, SmallVectorImpl<Type> &rows) {
      rows = rowTypes(tile);
      return success();
    });
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandZero, ExpandLoad, ExpandStore, ExpandProduct>(converter, &getContext());
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect, math::MathDialect, memref::MemRefDialect,
                           vector::VectorDialect>();
    target.addIllegalDialect<amx::AMXDialect>();
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns, target);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
