// Activations, softmax, norms and rotary embedding: formulas over the last axis.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Conversion/PleatToLinalg/TensorFormulas.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace pleat;

static Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }

namespace {

/// Scalar arithmetic in the notation of a formula.
struct Scalars {
  OpBuilder &builder;
  Location loc;
  Type type;

  Value constant(double value) { return TensorFormulas::constant(builder, loc, type, value); }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
  Value exp(Value a) { return math::ExpOp::create(builder, loc, a); }
};

struct ConvertActivation : OpRewritePattern<ActivationOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ActivationOp op, PatternRewriter &rewriter) const override {
    TensorFormulas formulas(rewriter, op.getLoc());
    Type type = elementOf(op.getX());
    SmallVector<OpFoldResult> sizes = formulas.sizes(op.getX());
    rewriter.replaceOp(op, formulas.map({{op.getX(), formulas.loops(sizes.size())}}, sizes, type,
                                        [&](OpBuilder &builder, Location loc, ValueRange v) {
                                          return activate({builder, loc, type}, op.getKind(), v[0]);
                                        }));
    return success();
  }

private:
  static Value activate(Scalars s, ActivationKind kind, Value x) {
    auto half = [&](Value onePlus) {
      return s.mul(s.mul(x, s.constant(0.5)), s.add(s.constant(1.0), onePlus));
    };
    auto onePlusExp = [&] {
      Value negative = arith::NegFOp::create(s.builder, s.loc, x);
      return s.add(s.constant(1.0), s.exp(negative));
    };
    switch (kind) {
    case ActivationKind::Relu: {
      // Unordered, so that NaN stays.
      Value keep = arith::CmpFOp::create(s.builder, s.loc, arith::CmpFPredicate::UGT, x, s.constant(0.0));
      return arith::SelectOp::create(s.builder, s.loc, keep, x, s.constant(0.0));
    }
    case ActivationKind::GeluErf:
      return half(math::ErfOp::create(s.builder, s.loc, s.mul(x, s.constant(M_SQRT1_2))));
    case ActivationKind::GeluTanh: {
      Value cubic = s.mul(s.mul(s.mul(x, x), x), s.constant(0.044715));
      Value inner = s.mul(s.constant(std::sqrt(M_2_PI)), s.add(x, cubic));
      return half(math::TanhOp::create(s.builder, s.loc, inner));
    }
    case ActivationKind::Silu:
      return s.div(x, onePlusExp());
    case ActivationKind::Sigmoid:
      return s.div(s.constant(1.0), onePlusExp());
    case ActivationKind::Tanh:
      return math::TanhOp::create(s.builder, s.loc, x);
    }
    llvm_unreachable("every activation has a formula");
  }
};

/// What formulas over the rows of a tensor need: its loops with and without the last.
struct Rows {
  Rows(OpBuilder &builder, Location loc, Value x)
      : formulas(builder, loc), x(x), element(TensorFormulas::computeType(elementOf(x))),
        sizes(formulas.sizes(x)), loops(formulas.loops(sizes.size())),
        outerSizes(ArrayRef(sizes).drop_back()), outerLoops(ArrayRef(loops).drop_back()) {}

  /// Adds body(x, row values..., so far) over the last axis, from `start`.
  Value reduce(ArrayRef<Value> rowValues, double start, TensorFormulas::Body body) {
    return formulas.reduce(reads(rowValues), formulas.filled(outerSizes, element, start), sizes.size(), body);
  }
  /// body(x, row values..., extra reads...) at each element.
  Value map(ArrayRef<Value> rowValues, ArrayRef<Read> more, TensorFormulas::Body body) {
    SmallVector<Read> all = reads(rowValues);
    llvm::append_range(all, more);
    return formulas.map(all, sizes, elementOf(x), body);
  }

  TensorFormulas formulas;
  Value x;
  Type element; ///< of values of rows
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> loops;
  SmallVector<OpFoldResult> outerSizes;
  SmallVector<AffineExpr> outerLoops;

private:
  SmallVector<Read> reads(ArrayRef<Value> rowValues) {
    SmallVector<Read> all = {{x, loops}};
    for (Value value : rowValues)
      all.push_back({value, outerLoops});
    return all;
  }
};

struct ConvertSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    Rows rows(rewriter, op.getLoc(), op.getX());
    Value largest = rows.reduce({}, -std::numeric_limits<double>::infinity(),
                                [](OpBuilder &b, Location loc, ValueRange v) -> Value {
                                  return arith::MaximumFOp::create(b, loc, v[0], v[1]);
                                });
    Value total = rows.reduce({largest}, 0.0, [&](OpBuilder &b, Location loc, ValueRange v) {
      Scalars s{b, loc, rows.element};
      return s.add(s.exp(s.sub(v[0], v[1])), v[2]);
    });
    bool log = op.getLog();
    rewriter.replaceOp(
        op, rows.map({largest, total}, {}, [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          Scalars s{b, loc, rows.element};
          Value shifted = s.sub(v[0], v[1]);
          return log ? s.sub(shifted, math::LogOp::create(b, loc, v[2])) : s.div(s.exp(shifted), v[2]);
        }));
    return success();
  }
};

/// The sum over each row divided by its length, of f(x, row values...).
static Value mean(Rows &rows, Value length, ArrayRef<Value> rowValues,
                  llvm::function_ref<Value(Scalars, ValueRange)> f) {
  Value sum = rows.reduce(rowValues, 0.0, [&](OpBuilder &b, Location loc, ValueRange v) {
    Scalars s{b, loc, rows.element};
    return s.add(f(s, v), v.back());
  });
  return rows.formulas.map({{sum, rows.outerLoops}}, rows.outerSizes, rows.element,
                           [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                             return arith::DivFOp::create(b, loc, v[0], length);
                           });
}

struct ConvertLayerNorm : OpRewritePattern<LayerNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerNormOp op, PatternRewriter &rewriter) const override {
    Rows rows(rewriter, op.getLoc(), op.getX());
    Value length = rows.formulas.number(rows.sizes.back(), rows.element);
    Value average = mean(rows, length, {}, [](Scalars, ValueRange v) { return v[0]; });
    Value variance = mean(rows, length, {average}, [](Scalars s, ValueRange v) {
      Value difference = s.sub(v[0], v[1]);
      return s.mul(difference, difference);
    });
    SmallVector<Read> more;
    for (Value vector : {op.getScale(), op.getBias()})
      if (vector)
        more.push_back({vector, {rows.loops.back()}});
    double epsilon = op.getEpsilon().convertToDouble();
    rewriter.replaceOp(op, rows.map({average, variance}, more, [&](OpBuilder &b, Location loc, ValueRange v) {
      Scalars s{b, loc, rows.element};
      Value deviation = math::SqrtOp::create(b, loc, s.add(v[2], s.constant(epsilon)));
      Value y = s.div(s.sub(v[0], v[1]), deviation);
      if (op.getScale())
        y = s.mul(y, v[3]);
      return op.getBias() ? s.add(y, v[op.getScale() ? 4 : 3]) : y;
    }));
    return success();
  }
};

struct ConvertRmsNorm : OpRewritePattern<RmsNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RmsNormOp op, PatternRewriter &rewriter) const override {
    Rows rows(rewriter, op.getLoc(), op.getX());
    Value length = rows.formulas.number(rows.sizes.back(), rows.element);
    Value square = mean(rows, length, {}, [](Scalars s, ValueRange v) { return s.mul(v[0], v[0]); });
    SmallVector<Read> more;
    if (op.getScale())
      more.push_back({op.getScale(), {rows.loops.back()}});
    double epsilon = op.getEpsilon().convertToDouble();
    rewriter.replaceOp(op, rows.map({square}, more, [&](OpBuilder &b, Location loc, ValueRange v) {
      Scalars s{b, loc, rows.element};
      Value y = s.div(v[0], math::SqrtOp::create(b, loc, s.add(v[1], s.constant(epsilon))));
      return op.getScale() ? s.mul(y, v[2]) : y;
    }));
    return success();
  }
};

/// Rotary works on x with its last axis split in two: [..., 2, D/2], or [..., D/2, 2] when
/// interleaved. The axis of size 2 tells the first of a pair from the second.
struct ConvertRotary : OpRewritePattern<RotaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RotaryOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    TensorFormulas formulas(rewriter, loc);
    auto type = cast<RankedTensorType>(op.getX().getType());
    if (type.isDynamicDim(3))
      return rewriter.notifyMatchFailure(op, "the last size is not static");
    int64_t half = type.getDimSize(3) / 2;
    SmallVector<OpFoldResult> sizes(ArrayRef(formulas.sizes(op.getX())).drop_back());
    SmallVector<int64_t> shape(type.getShape().drop_back());
    bool interleaved = op.getInterleaved();
    for (int64_t size : {interleaved ? half : 2, interleaved ? 2 : half}) {
      shape.push_back(size);
      sizes.push_back(rewriter.getIndexAttr(size));
    }
    SmallVector<ReassociationIndices> split = {{0}, {1}, {2}, {3, 4}};
    Value pairs = tensor::ExpandShapeOp::create(rewriter, loc, type.clone(shape), op.getX(), split, sizes);
    unsigned pairAxis = interleaved ? 4 : 3, angleAxis = interleaved ? 3 : 4;
    SmallVector<AffineExpr> l = formulas.loops(5);
    Read first = side(rewriter, loc, pairs, sizes, pairAxis, 0),
         second = side(rewriter, loc, pairs, sizes, pairAxis, 1);
    Read cos = angle(rewriter, op.getCos(), l, angleAxis), sin = angle(rewriter, op.getSin(), l, angleAxis);
    Value rotated = formulas.map({first, second, cos, sin}, sizes, type.getElementType(),
                                 [&](OpBuilder &b, Location where, ValueRange v) -> Value {
                                   Scalars s{b, where, type.getElementType()};
                                   Value index = linalg::IndexOp::create(b, where, pairAxis);
                                   Value zero = arith::ConstantIndexOp::create(b, where, 0);
                                   Value isFirst =
                                       arith::CmpIOp::create(b, where, arith::CmpIPredicate::eq, index, zero);
                                   Value a = s.sub(s.mul(v[0], v[2]), s.mul(v[1], v[3]));
                                   Value c = s.add(s.mul(v[0], v[3]), s.mul(v[1], v[2]));
                                   return arith::SelectOp::create(b, where, isFirst, a, c);
                                 });
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(op, type, rotated, split);
    return success();
  }

private:
  /// Element `which` of each pair, read by the four loops other than the pairs' axis.
  static Read side(OpBuilder &builder, Location loc, Value pairs, SmallVector<OpFoldResult> sizes,
                   unsigned pairAxis, int64_t which) {
    auto type = cast<RankedTensorType>(pairs.getType());
    SmallVector<OpFoldResult> offsets(5, builder.getIndexAttr(0)), strides(5, builder.getIndexAttr(1));
    offsets[pairAxis] = builder.getIndexAttr(which);
    sizes[pairAxis] = builder.getIndexAttr(1);
    SmallVector<int64_t> shape;
    SmallVector<AffineExpr> indices;
    for (unsigned axis = 0; axis < 5; ++axis)
      if (axis != pairAxis) {
        shape.push_back(type.getDimSize(axis));
        indices.push_back(builder.getAffineDimExpr(axis));
      }
    auto reduced = RankedTensorType::get(shape, type.getElementType());
    return {tensor::ExtractSliceOp::create(builder, loc, reduced, pairs, offsets, sizes, strides), indices};
  }

  /// cos or sin at [b or 0, s or 0..., i], whatever the rank.
  static Read angle(OpBuilder &builder, Value table, ArrayRef<AffineExpr> loops, unsigned angleAxis) {
    auto type = cast<RankedTensorType>(table.getType());
    AffineExpr zero = builder.getAffineConstantExpr(0);
    SmallVector<AffineExpr> indices = {type.getDimSize(0) == 1 ? zero : loops[0]};
    if (type.getRank() == 4)
      indices.push_back(zero);
    indices.push_back(loops[2]);
    indices.push_back(loops[angleAxis]);
    return {table, indices};
  }
};

} // namespace

void pleat::populateNormToLinalg(RewritePatternSet &patterns) {
  patterns.add<ConvertActivation, ConvertSoftmax, ConvertLayerNorm, ConvertRmsNorm, ConvertRotary>(
      patterns.getContext());
}
