// Convolution as one reduction: result[n, g, m, o] = sum over c, k of
// x[n, g, c, o stride + k dilation - pad] w[g, m, c, k] + bias[g, m].
//
// Channels are split by group. Without padding x is read by index maps; with it, elements
// outside read as zero.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Conversion/PleatToLinalg/TensorFormulas.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

namespace {

class Convolution {
public:
  Convolution(PatternRewriter &builder, ConvOp op)
      : builder(builder), op(op), loc(op.getLoc()), formulas(builder, loc), spatial(op.getStrides().size()),
        l(formulas.loops(4 + 2 * spatial)),
        element(cast<RankedTensorType>(op.getX().getType()).getElementType()), x(splitGroups(op.getX(), 1)),
        weight(splitGroups(op.getWeight(), 0)) {}

  Value build() {
    SmallVector<OpFoldResult> sizes = {formulas.sizes(x)[0], builder.getIndexAttr(op.getGroup()),
                                       formulas.sizes(weight)[1]};
    for (unsigned axis = 0; axis < spatial; ++axis)
      sizes.push_back(outputSize(axis));
    bool isPadded = llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; });
    Value sum = isPadded ? padded(initial(sizes)) : plain(initial(sizes));
    Value joined = tensor::CollapseShapeOp::create(builder, loc, sum, groupedAxes(1));
    if (joined.getType() == op.getType())
      return joined;
    return tensor::CastOp::create(builder, loc, op.getType(), joined);
  }

private:
  // Loops: n, g, m, outputs..., c, kernel...
  AffineExpr output(unsigned axis) { return l[3 + axis]; }
  AffineExpr channel() { return l[3 + spatial]; }
  AffineExpr kernel(unsigned axis) { return l[4 + spatial + axis]; }

  /// Reassociation that splits or joins axis `axis` of the op's rank.
  SmallVector<ReassociationIndices> groupedAxes(unsigned axis, unsigned rank = 0) {
    SmallVector<ReassociationIndices> groups;
    int64_t next = 0;
    for (unsigned old = 0; old < (rank ? rank : spatial + 2); ++old) {
      groups.push_back({next++});
      if (old == axis)
        groups.back().push_back(next++);
    }
    return groups;
  }

  /// Axis `axis` of `tensor` as [group, size / group].
  Value splitGroups(Value tensor, unsigned axis) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<OpFoldResult> sizes = formulas.sizes(tensor);
    AffineExpr size = builder.getAffineSymbolExpr(0);
    sizes[axis] =
        affine::makeComposedFoldedAffineApply(builder, loc, size.floorDiv(op.getGroup()), {sizes[axis]});
    sizes.insert(sizes.begin() + axis, builder.getIndexAttr(op.getGroup()));
    SmallVector<int64_t> shape;
    for (OpFoldResult value : sizes)
      shape.push_back(getConstantIntValue(value).value_or(ShapedType::kDynamic));
    return tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(shape, element), tensor,
                                         groupedAxes(axis, type.getRank()), sizes);
  }

  OpFoldResult outputSize(unsigned axis) {
    int64_t known = cast<RankedTensorType>(op.getType()).getDimSize(2 + axis);
    if (ShapedType::isStatic(known))
      return builder.getIndexAttr(known);
    AffineExpr in = builder.getAffineSymbolExpr(0), k = builder.getAffineSymbolExpr(1);
    AffineExpr room =
        in + op.getPads()[axis] + op.getPads()[spatial + axis] - (k - 1) * op.getDilations()[axis] - 1;
    return affine::makeComposedFoldedAffineApply(
        builder, loc, room.floorDiv(op.getStrides()[axis]) + 1,
        {formulas.sizes(x)[3 + axis], formulas.sizes(weight)[3 + axis]});
  }

  Value initial(ArrayRef<OpFoldResult> sizes) {
    if (!op.getBias())
      return formulas.filled(sizes, element, 0.0);
    return formulas.map({{splitGroups(op.getBias(), 0), {l[1], l[2]}}}, sizes, element,
                        [](OpBuilder &, Location, ValueRange v) { return v[0]; });
  }

  Read weightRead() {
    Read read = {weight, {l[1], l[2], channel()}};
    for (unsigned axis = 0; axis < spatial; ++axis)
      read.indices.push_back(kernel(axis));
    return read;
  }

  Value plain(Value init) {
    Read input = {x, {l[0], l[1], channel()}};
    for (unsigned axis = 0; axis < spatial; ++axis)
      input.indices.push_back(output(axis) * op.getStrides()[axis] + kernel(axis) * op.getDilations()[axis]);
    return formulas.reduce({input, weightRead()}, init, l.size(),
                           [](OpBuilder &b, Location where, ValueRange v) -> Value {
                             return math::FmaOp::create(b, where, v[0], v[1], v[2]);
                           });
  }

  Value padded(Value init) {
    SmallVector<Value> limits;
    for (unsigned axis = 0; axis < spatial; ++axis)
      limits.push_back(getValueOrCreateConstantIndexOp(builder, loc, formulas.sizes(x)[3 + axis]));
    return formulas.reduce(
        {weightRead()}, init, l.size(), [&](OpBuilder &b, Location where, ValueRange v) -> Value {
          auto index = [&](AffineExpr loop) -> Value {
            return linalg::IndexOp::create(b, where, cast<AffineDimExpr>(loop).getPosition());
          };
          SmallVector<Value> at = {index(l[0]), index(l[1]), index(channel())};
          Value isInside = arith::ConstantIntOp::create(b, where, 1, 1);
          Value zero = arith::ConstantIndexOp::create(b, where, 0);
          for (unsigned axis = 0; axis < spatial; ++axis) {
            Value begin = arith::ConstantIndexOp::create(b, where, op.getPads()[axis]);
            Value stride = arith::ConstantIndexOp::create(b, where, op.getStrides()[axis]);
            Value dilation = arith::ConstantIndexOp::create(b, where, op.getDilations()[axis]);
            Value start = arith::MulIOp::create(b, where, index(output(axis)), stride);
            Value step = arith::MulIOp::create(b, where, index(kernel(axis)), dilation);
            Value position =
                arith::SubIOp::create(b, where, arith::AddIOp::create(b, where, start, step), begin);
            // As unsigned numbers, negative positions are beyond any size.
            Value isOn = arith::CmpIOp::create(b, where, arith::CmpIPredicate::ult, position, limits[axis]);
            isInside = arith::AndIOp::create(b, where, isInside, isOn);
            at.push_back(arith::SelectOp::create(b, where, isOn, position, zero));
          }
          Value value = tensor::ExtractOp::create(b, where, x, at);
          value = arith::SelectOp::create(b, where, isInside, value,
                                          TensorFormulas::constant(b, where, element, 0.0));
          return math::FmaOp::create(b, where, value, v[0], v[1]);
        });
  }

  PatternRewriter &builder;
  ConvOp op;
  Location loc;
  TensorFormulas formulas;
  unsigned spatial;
  SmallVector<AffineExpr> l;
  Type element;
  Value x, weight;
};

struct ConvertConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, Convolution(rewriter, op).build());
    return success();
  }
};

} // namespace

void pleat::populateConvToLinalg(RewritePatternSet &patterns) {
  patterns.add<ConvertConv>(patterns.getContext());
}
