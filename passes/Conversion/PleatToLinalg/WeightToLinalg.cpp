// Weight expressions and their consumers.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Conversion/PleatToLinalg/TensorFormulas.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

static Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }

/// result[a..., n] += x[a..., k] w[k, n] over k, from `init`.
static Value multiply(OpBuilder &builder, Location loc, Value x, Read weight, Value init) {
  TensorFormulas formulas(builder, loc);
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  SmallVector<AffineExpr> loops = formulas.loops(rank + 1);
  Read left = {x, SmallVector<AffineExpr>(ArrayRef(loops).take_front(rank - 1))};
  left.indices.push_back(loops[rank]);
  return formulas.reduce({left, weight}, init, rank + 1,
                         [](OpBuilder &inner, Location where, ValueRange v) -> Value {
                           return math::FmaOp::create(inner, where, v[0], v[1], v[2]);
                         });
}

namespace {

struct ConvertWeight : OpRewritePattern<WeightOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightOp op, PatternRewriter &rewriter) const override {
    if (!op.getValueAttr())
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, cast<TypedAttr>(op.getValueAttr()));
    return success();
  }
};

struct ConvertTransposed : OpRewritePattern<TransposedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposedOp op, PatternRewriter &rewriter) const override {
    // Linears and gathers, which read the weight in place, go first.
    if (llvm::any_of(op->getUsers(), [](Operation *user) { return isa<LinearOp, GatherOp>(user); }))
      return failure();
    TensorFormulas formulas(rewriter, op.getLoc());
    SmallVector<AffineExpr> loops = formulas.loops(2);
    SmallVector<OpFoldResult> sizes = formulas.sizes(op.getWeight());
    rewriter.replaceOp(op, formulas.map({{op.getWeight(), {loops[1], loops[0]}}}, {sizes[1], sizes[0]},
                                        elementOf(op.getResult()),
                                        [](OpBuilder &, Location, ValueRange v) { return v[0]; }));
    return success();
  }
};

struct ConvertLowRank : OpRewritePattern<LowRankOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LowRankOp op, PatternRewriter &rewriter) const override {
    TensorFormulas formulas(rewriter, op.getLoc());
    SmallVector<AffineExpr> loops = formulas.loops(3);
    Value init = formulas.filled({formulas.sizes(op.getU())[0], formulas.sizes(op.getV())[1]},
                                 elementOf(op.getResult()), 0.0);
    rewriter.replaceOp(op,
                       multiply(rewriter, op.getLoc(), op.getU(), {op.getV(), {loops[2], loops[1]}}, init));
    return success();
  }
};

struct ConvertSum : OpRewritePattern<SumOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SumOp op, PatternRewriter &rewriter) const override {
    TensorFormulas formulas(rewriter, op.getLoc());
    SmallVector<AffineExpr> loops = formulas.loops(cast<RankedTensorType>(op.getType()).getRank());
    rewriter.replaceOp(op, formulas.map({{op.getA(), loops}, {op.getB(), loops}}, formulas.sizes(op.getA()),
                                        elementOf(op.getResult()),
                                        [](OpBuilder &inner, Location where, ValueRange v) -> Value {
                                          return arith::AddFOp::create(inner, where, v[0], v[1]);
                                        }));
    return success();
  }
};

struct ConvertLinear : OpRewritePattern<LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LinearOp op, PatternRewriter &rewriter) const override {
    TensorFormulas formulas(rewriter, op.getLoc());
    Type element = elementOf(op.getResult());
    SmallVector<OpFoldResult> sizes = formulas.sizes(op.getX());
    SmallVector<AffineExpr> loops = formulas.loops(sizes.size() + 1);
    AffineExpr n = loops[sizes.size() - 1], k = loops[sizes.size()];
    auto transposed = op.getWeight().getDefiningOp<TransposedOp>();
    Read weight = transposed ? Read{transposed.getWeight(), {n, k}} : Read{op.getWeight(), {k, n}};
    sizes.back() = formulas.sizes(weight.tensor)[transposed ? 0 : 1];
    Value init = op.getBias() ? formulas.map({{op.getBias(), {n}}}, sizes, element,
                                             [](OpBuilder &, Location, ValueRange v) { return v[0]; })
                              : formulas.filled(sizes, element, 0.0);
    rewriter.replaceOp(op, multiply(rewriter, op.getLoc(), op.getX(), weight, init));
    return success();
  }
};

/// An id as a row of a table with `rows` rows: negative ids count from the end, what is out
/// of range becomes the nearest row.
static Value rowOfId(OpBuilder &builder, Location loc, Value id, Value rows) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0),
        one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), id);
  Value isNegative = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, zero);
  Value fromEnd = arith::AddIOp::create(builder, loc, row, rows);
  row = arith::SelectOp::create(builder, loc, isNegative, fromEnd, row);
  row = arith::MinSIOp::create(builder, loc, row, arith::SubIOp::create(builder, loc, rows, one));
  return arith::MaxSIOp::create(builder, loc, row, zero);
}

struct ConvertGather : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    TensorFormulas formulas(rewriter, loc);
    auto transposed = op.getTable().getDefiningOp<TransposedOp>();
    Value table = transposed ? transposed.getWeight() : op.getTable();
    SmallVector<OpFoldResult> sizes = formulas.sizes(op.getIds()), tableSizes = formulas.sizes(table);
    if (transposed)
      std::swap(tableSizes[0], tableSizes[1]);
    int64_t idAxes = sizes.size();
    llvm::append_range(sizes, ArrayRef(tableSizes).drop_front());
    Value rows = getValueOrCreateConstantIndexOp(rewriter, loc, tableSizes[0]);
    Value result = formulas.map({{op.getIds(), formulas.loops(idAxes)}}, sizes, elementOf(op.getResult()),
                                [&](OpBuilder &inner, Location where, ValueRange v) -> Value {
                                  SmallVector<Value> at = {rowOfId(inner, where, v[0], rows)};
                                  for (size_t loop = idAxes; loop < sizes.size(); ++loop)
                                    at.push_back(linalg::IndexOp::create(inner, where, loop));
                                  if (transposed)
                                    std::swap(at[0], at[1]);
                                  return tensor::ExtractOp::create(inner, where, table, at);
                                });
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void pleat::populateWeightToLinalg(RewritePatternSet &patterns) {
  patterns.add<ConvertWeight, ConvertTransposed, ConvertLowRank, ConvertSum, ConvertLinear, ConvertGather>(
      patterns.getContext());
}
