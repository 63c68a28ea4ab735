// Attention as two products around a softmax.
//
// Heads are split into [Hkv, G], so that query head (g, r) reads key head g and every
// index is a plain loop.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Conversion/PleatToLinalg/TensorFormulas.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;
using namespace pleat;

static constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

namespace {

/// One attention on its way: loops b, g, r, i, then two of j and a head's axis.
class Attention {
public:
  Attention(PatternRewriter &builder, AttentionOp op)
      : builder(builder), op(op), loc(op.getLoc()), formulas(builder, loc), l(formulas.loops(6)),
        element(TensorFormulas::computeType(op.getType().getElementType())) {
    SmallVector<OpFoldResult> q = formulas.sizes(op.getQuery()), v = formulas.sizes(op.getValue());
    keyHeads = v[1];
    group = divide(q[1], keyHeads);
    rowSizes = {q[0], keyHeads, group, q[2]};
    keys = v[2];
    valueSize = v[3];
    scoreSizes = rowSizes;
    scoreSizes.push_back(keys);
  }

  Value build() {
    Value scores = maskedScores();
    ArrayRef<AffineExpr> all = ArrayRef(l).take_front(5), row = ArrayRef(l).take_front(4);
    Read score = {scores, SmallVector<AffineExpr>(all)};
    Value largest = formulas.reduce({score}, formulas.filled(rowSizes, element, kMinusInfinity), 5,
                                    [](OpBuilder &b, Location where, ValueRange v) -> Value {
                                      return arith::MaximumFOp::create(b, where, v[0], v[1]);
                                    });
    Read top = {largest, SmallVector<AffineExpr>(row)};
    Value powers = formulas.map(
        {score, top}, scoreSizes, element, [](OpBuilder &b, Location where, ValueRange v) -> Value {
          return math::ExpOp::create(b, where, arith::SubFOp::create(b, where, v[0], v[1]));
        });
    Read power = {powers, SmallVector<AffineExpr>(all)};
    Value total = formulas.reduce({power}, formulas.filled(rowSizes, element, 0.0), 5,
                                  [](OpBuilder &b, Location where, ValueRange v) -> Value {
                                    return arith::AddFOp::create(b, where, v[0], v[1]);
                                  });
    Value product = weightedValues(power);
    return joinHeads(divideRows(product, {total, SmallVector<AffineExpr>(row)}, top));
  }

private:
  OpFoldResult divide(OpFoldResult a, OpFoldResult b) {
    std::optional<int64_t> left = getConstantIntValue(a), right = getConstantIntValue(b);
    if (left && right)
      return builder.getIndexAttr(*left / *right);
    return Value(arith::DivUIOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                                        getValueOrCreateConstantIndexOp(builder, loc, b)));
  }

  /// [., H, ., .] as [., Hkv, G, ., .].
  Value splitHeads(Value tensor) {
    SmallVector<OpFoldResult> sizes = formulas.sizes(tensor);
    sizes[1] = group;
    sizes.insert(sizes.begin() + 1, keyHeads);
    SmallVector<int64_t> shape;
    for (OpFoldResult size : sizes)
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    auto type = cast<RankedTensorType>(tensor.getType()).clone(shape);
    return tensor::ExpandShapeOp::create(builder, loc, type, tensor, reassociation(), sizes);
  }

  Value joinHeads(Value tensor) {
    Value joined = tensor::CollapseShapeOp::create(builder, loc, tensor, reassociation());
    if (joined.getType() == op.getType())
      return joined;
    return tensor::CastOp::create(builder, loc, op.getType(), joined);
  }

  static SmallVector<ReassociationIndices> reassociation() { return {{0}, {1, 2}, {3}, {4}}; }

  Value maskedScores() {
    AffineExpr b = l[0], g = l[1], r = l[2], i = l[3], j = l[4], d = l[5];
    Value dots = formulas.reduce({{splitHeads(op.getQuery()), {b, g, r, i, d}}, {op.getKey(), {b, g, j, d}}},
                                 formulas.filled(scoreSizes, element, 0.0), 6, multiplyAdd);
    SmallVector<Read> reads = {{dots, {b, g, r, i, j}}};
    if (op.getMask())
      reads.push_back(maskRead());
    Value lead;
    if (op.getCausal())
      lead = arith::SubIOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, keys),
                                   getValueOrCreateConstantIndexOp(builder, loc, rowSizes[3]));
    double scale = op.getScale().convertToDouble();
    return formulas.map(
        reads, scoreSizes, element, [&](OpBuilder &inner, Location where, ValueRange v) -> Value {
          Value score = arith::MulFOp::create(inner, where, v[0],
                                              TensorFormulas::constant(inner, where, element, scale));
          if (op.getMask())
            score = arith::AddFOp::create(inner, where, score, v[1]);
          if (!lead)
            return score;
          Value last = arith::AddIOp::create(inner, where, linalg::IndexOp::create(inner, where, 3), lead);
          Value key = linalg::IndexOp::create(inner, where, 4);
          Value isSeen = arith::CmpIOp::create(inner, where, arith::CmpIPredicate::sle, key, last);
          return arith::SelectOp::create(inner, where, isSeen, score,
                                         TensorFormulas::constant(inner, where, element, kMinusInfinity));
        });
  }

  Read maskRead() {
    auto type = cast<RankedTensorType>(op.getMask().getType());
    AffineExpr zero = builder.getAffineConstantExpr(0);
    auto at = [&](int64_t axis, AffineExpr loop) { return type.getDimSize(axis) == 1 ? zero : loop; };
    if (type.getDimSize(1) == 1)
      return {op.getMask(), {at(0, l[0]), zero, at(2, l[3]), at(3, l[4])}};
    return {splitHeads(op.getMask()), {at(0, l[0]), l[1], l[2], at(2, l[3]), at(3, l[4])}};
  }

  Value weightedValues(Read power) {
    AffineExpr b = l[0], g = l[1], r = l[2], i = l[3], d = l[4], j = l[5];
    SmallVector<OpFoldResult> sizes = rowSizes;
    sizes.push_back(valueSize);
    power.indices = {b, g, r, i, j};
    return formulas.reduce({power, {op.getValue(), {b, g, j, d}}}, formulas.filled(sizes, element, 0.0), 6,
                           multiplyAdd);
  }

  Value divideRows(Value product, Read total, Read top) {
    SmallVector<OpFoldResult> sizes = formulas.sizes(product);
    Read value = {product, SmallVector<AffineExpr>(ArrayRef(l).take_front(5))};
    return formulas.map({value, total, top}, sizes, op.getType().getElementType(),
                        [&](OpBuilder &b, Location where, ValueRange v) -> Value {
                          Value y = arith::DivFOp::create(b, where, v[0], v[1]);
                          if (!op.getMaskedRowsZero())
                            return y;
                          Value lowest = TensorFormulas::constant(b, where, element, kMinusInfinity);
                          Value isMasked =
                              arith::CmpFOp::create(b, where, arith::CmpFPredicate::OEQ, v[2], lowest);
                          return arith::SelectOp::create(b, where, isMasked,
                                                         TensorFormulas::constant(b, where, element, 0.0), y);
                        });
  }

  static Value multiplyAdd(OpBuilder &b, Location where, ValueRange v) {
    return math::FmaOp::create(b, where, v[0], v[1], v[2]);
  }

  PatternRewriter &builder;
  AttentionOp op;
  Location loc;
  TensorFormulas formulas;
  SmallVector<AffineExpr> l;
  Type element; ///< of everything but the result
  OpFoldResult keyHeads, group, keys, valueSize;
  SmallVector<OpFoldResult> rowSizes, scoreSizes;
};

struct ConvertAttention : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, Attention(rewriter, op).build());
    return success();
  }
};

} // namespace

void pleat::populateAttentionToLinalg(RewritePatternSet &patterns) {
  patterns.add<ConvertAttention>(patterns.getContext());
}
