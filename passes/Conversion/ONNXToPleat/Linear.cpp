// Matrix products: with a weight they are pleat.linear, between activations contractions.
#include "passes/Conversion/ONNXToPleat/LinearBias.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

Value pleat::asWeight(Lowering &lowering, Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto type = cast<RankedTensorType>(value.getType());
  // A literal holds 4 KiB at most.
  if (!constant || type.getNumElements() * type.getElementTypeBitWidth() > 4096 * 8)
    return value;
  auto weight = WeightOp::create(lowering, type, StringAttr(), cast<ElementsAttr>(constant.getValue()),
                                 ArrayAttr(), LayoutAttr());
  weight->setLoc(constant.getLoc());
  return lowering.known(weight, lowering.sizes(value));
}

/// The shape of one value for each of `count` columns: [count], with 1s before it.
static bool isRowOf(Lowering &lowering, Value value, AffineExpr count) {
  Sizes sizes = lowering.sizes(value);
  return Lowering::isWeight(value) && !sizes.empty() && sizes.back() == count &&
         llvm::all_of(ArrayRef<AffineExpr>(sizes).drop_back(),
                      [&](AffineExpr size) { return lowering.constantSize(size) == 1; });
}

/// [C, 1, 1] with 1s before it: one value for each channel of a rank-4 result.
static bool isChannelOf(Lowering &lowering, Value value, AffineExpr channels, int64_t rank) {
  Sizes sizes = lowering.sizes(value);
  int64_t channelAxis = static_cast<int64_t>(sizes.size()) - (rank - 1);
  if (!Lowering::isWeight(value) || channelAxis < 0)
    return false;
  for (auto [axis, size] : llvm::enumerate(sizes))
    if (static_cast<int64_t>(axis) == channelAxis ? size != channels : lowering.constantSize(size) != 1)
      return false;
  return true;
}

Value pleat::absorbBias(Lowering &lowering) {
  Value product = lowering.node.input(0), bias = lowering.node.input(1);
  if (!isa_and_nonnull<LinearOp, ConvOp>(product.getDefiningOp()))
    std::swap(product, bias);
  if (!product.hasOneUse() || lowering.sizes(product) != lowering.resultSizes())
    return {};
  Sizes sizes = lowering.sizes(product);
  if (auto linear = product.getDefiningOp<LinearOp>(); linear && !linear.getBias()) {
    if (!isRowOf(lowering, bias, sizes.back()))
      return {};
    Value row = lowering.reshape(bias, {sizes.back()});
    // Both nodes' names lead to it.
    Value sum = LinearOp::create(lowering, linear.getType(), linear.getX(), linear.getWeight(), row);
    sum.setLoc(FusedLoc::get(sum.getContext(), {linear.getLoc(), sum.getLoc()}));
    return sum;
  }
  if (auto conv = product.getDefiningOp<ConvOp>(); conv && !conv.getBias()) {
    if (!isChannelOf(lowering, bias, sizes[1], sizes.size()))
      return {};
    Value row = lowering.reshape(bias, {sizes[1]});
    return ConvOp::create(lowering, conv.getType(), conv.getX(), conv.getWeight(), row, conv.getStridesAttr(),
                          conv.getDilationsAttr(), conv.getPadsAttr(), conv.getGroupAttr());
  }
  return {};
}

/// x of rank 1 and up times a weight matrix.
static Value linear(Lowering &lowering, Value x, Value weight, Value bias, ArrayRef<AffineExpr> result) {
  auto type = lowering.tensorType(result, lowering.elementType(x));
  return lowering.known(LinearOp::create(lowering, type, x, weight, bias), result);
}

/// Sum over the last axis of `a` and the last but one of `b`, batch axes broadcast.
static Value contraction(Lowering &lowering, Value a, Value b, ArrayRef<AffineExpr> result) {
  Sizes left = lowering.sizes(a), right = lowering.sizes(b);
  size_t rank = result.size(), depth = rank; // The loop that sums is the last one.
  auto map = [&](ArrayRef<AffineExpr> sizes, AffineExpr last, AffineExpr lastButOne) {
    SmallVector<AffineExpr> results;
    for (size_t axis = 0; axis + 2 < sizes.size(); ++axis) {
      size_t loop = rank - sizes.size() + axis;
      bool repeats = lowering.constantSize(sizes[axis]) == 1 && lowering.constantSize(result[loop]) != 1;
      results.push_back(repeats ? lowering.getAffineConstantExpr(0) : lowering.getAffineDimExpr(loop));
    }
    results.append({lastButOne, last});
    return AffineMap::get(rank + 1, 0, results, lowering.getContext());
  };
  AffineExpr row = lowering.getAffineDimExpr(rank - 2), column = lowering.getAffineDimExpr(rank - 1);
  AffineExpr sum = lowering.getAffineDimExpr(depth);
  SmallVector<AffineExpr> outputs;
  for (size_t axis = 0; axis < rank; ++axis)
    outputs.push_back(lowering.getAffineDimExpr(axis));
  SmallVector<AffineMap> maps{map(left, sum, row), map(right, column, sum),
                              AffineMap::get(rank + 1, 0, outputs, lowering.getContext())};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Type element = lowering.elementType(a);
  Value init = lowering.filled(result, lowering.scalar(element, 0));
  return lowering.generic({a, b}, init, maps, iterators, [](B &nested, ValueRange in) -> Value {
    if (isa<FloatType>(in[0].getType()))
      return arith::AddFOp::create(nested, in[2], arith::MulFOp::create(nested, in[0], in[1]));
    return arith::AddIOp::create(nested, in[2], arith::MulIOp::create(nested, in[0], in[1]));
  });
}

static LogicalResult matmul(Lowering &lowering) {
  Value a = lowering.node.input(0), b = lowering.node.input(1);
  Sizes result = lowering.resultSizes();
  bool isFloat = isa<FloatType>(lowering.elementType(a));
  // A weight with leading 1s is a matrix when the other side's rank rules the result.
  if (Lowering::isWeight(b) && lowering.rank(b) > 2 && lowering.rank(a) >= lowering.rank(b)) {
    Sizes sizes = lowering.sizes(b);
    ArrayRef<AffineExpr> batch = ArrayRef<AffineExpr>(sizes).drop_back(2);
    if (llvm::all_of(batch, [&](AffineExpr size) { return lowering.constantSize(size) == 1; }))
      b = lowering.reshape(b, ArrayRef<AffineExpr>(sizes).take_back(2));
  }
  if (isFloat && Lowering::isWeight(b) && lowering.rank(b) == 2)
    return lowering.give(linear(lowering, a, asWeight(lowering, b), {}, result));
  // Vectors take part as matrices of one row or column.
  Sizes left = lowering.sizes(a), right = lowering.sizes(b), full = result;
  if (left.size() == 1) {
    a = lowering.reshape(a, {lowering.constant(1), left[0]});
    full.insert(full.end() - (right.size() == 1 ? 0 : 1), lowering.constant(1));
  }
  if (right.size() == 1) {
    b = lowering.reshape(b, {right[0], lowering.constant(1)});
    full.push_back(lowering.constant(1));
  }
  Value product = contraction(lowering, a, b, full);
  return lowering.give(lowering.reshape(product, result));
}

static Value scaled(Lowering &lowering, Value x, double factor) {
  if (factor == 1)
    return x;
  return lowering.elementwise(
      x, lowering.sizes(x), lowering.elementType(x), [&](B &b, ValueRange in) -> Value {
        Value by = arith::ConstantOp::create(b, b.getFloatAttr(in[0].getType(), factor));
        return arith::MulFOp::create(b, in[0], by);
      });
}

static LogicalResult gemm(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value a = node.input(0), b = node.input(1), c = node.input(2);
  Type element = lowering.elementType(a);
  if (!isa<FloatType>(element))
    return lowering.fail("expects float matrices");
  double alpha = node.floatAttr("alpha", 1), beta = node.floatAttr("beta", 1);
  Sizes result = lowering.resultSizes();
  bool isWeight = Lowering::isWeight(b);
  if (node.intAttr("transA", 0))
    a = lowering.transpose(a, {1, 0});
  if (isWeight)
    b = asWeight(lowering, b);
  if (node.intAttr("transB", 0))
    b = lowering.transpose(b, {1, 0});
  // A bias of one row goes into the product.
  bool row = c && isWeight && beta == 1 && alpha == 1 && isRowOf(lowering, c, result[1]);
  Value product = isWeight ? linear(lowering, a, b, row ? lowering.reshape(c, {result[1]}) : Value(), result)
                           : contraction(lowering, a, b, result);
  product = scaled(lowering, product, alpha);
  if (!c || row || beta == 0)
    return lowering.give(product);
  Value sum = lowering.elementwise(
      {product, scaled(lowering, c, beta)}, result, element,
      [](B &nested, ValueRange in) -> Value { return arith::AddFOp::create(nested, in[0], in[1]); });
  return lowering.give(sum);
}

ArrayRef<SupportedOp> pleat::supportedLinearOps() {
  static constexpr SupportedOp ops[] = {
      {"Gemm", 7, newestOpset, gemm, "floats", "alpha beta transA transB"},
      {"MatMul", 1, newestOpset, matmul},
  };
  return ops;
}
