// Softmax and normalisation.
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

static Value softmaxOf(Lowering &lowering, Value x, bool log) {
  return lowering.known(SoftmaxOp::create(lowering, x.getType(), x, log), lowering.sizes(x));
}

/// Exchanges `axis` with the last one.
static Value withLast(Lowering &lowering, Value x, int64_t axis) {
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, lowering.rank(x)));
  std::swap(perm[axis], perm.back());
  return lowering.transpose(x, perm);
}

template <bool log>
static LogicalResult softmax(Lowering &lowering) {
  Value x = lowering.node.input(0);
  Sizes sizes = lowering.sizes(x);
  // Before opset 13 all axes from `axis` on are one.
  bool joined = lowering.node.getOpset() < 13;
  int64_t rank = sizes.size(), axis = lowering.node.intAttr("axis", joined ? 1 : -1);
  axis = axis < 0 ? axis + rank : axis;
  if (!isa<FloatType>(lowering.elementType(x)) || axis < 0 || axis >= rank)
    return lowering.fail("expects floats and an axis within rank " + Twine(rank));
  if (axis == rank - 1)
    return lowering.give(softmaxOf(lowering, x, log));
  if (joined) {
    ArrayRef<AffineExpr> all(sizes);
    Value flat = lowering.reshape(x, {lowering.algebra().product(all.take_front(axis)),
                                      lowering.algebra().product(all.drop_front(axis))});
    return lowering.give(lowering.reshape(softmaxOf(lowering, flat, log), sizes));
  }
  return lowering.give(withLast(lowering, softmaxOf(lowering, withLast(lowering, x, axis), log), axis));
}

/// Joins the axes from `axis` on, which a norm over several axes means.
static Value flattened(Lowering &lowering, Value x, int64_t axis) {
  Sizes sizes = lowering.sizes(x);
  Sizes flat(ArrayRef<AffineExpr>(sizes).take_front(axis));
  flat.push_back(lowering.algebra().product(ArrayRef<AffineExpr>(sizes).drop_front(axis)));
  return lowering.reshape(x, flat);
}

/// A norm's parameter over the normalised axes, as one vector; null when it has another
/// shape.
static Value asVector(Lowering &lowering, Value parameter, Value x) {
  AffineExpr count = lowering.sizes(x).back();
  if (lowering.algebra().product(lowering.sizes(parameter)) != count)
    return {};
  return lowering.reshape(parameter, {count});
}

template <bool centred>
static LogicalResult norm(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  int64_t rank = lowering.rank(x), axis = node.intAttr("axis", -1);
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return lowering.fail("expects an axis within rank " + Twine(rank));
  for (unsigned index = 1; index < node.getNumResults(); ++index)
    if (!node.getResult(index).use_empty())
      return lowering.fail("expects the mean and deviation outputs not to be used");
  Value flat = flattened(lowering, x, axis);
  SmallVector<Value> parameters;
  for (unsigned index : {1u, 2u}) {
    Value given = node.input(index);
    Value vector = given ? asVector(lowering, given, flat) : Value();
    if (given && !vector)
      return lowering.fail("expects scale and bias over the normalised axes");
    parameters.push_back(vector);
  }
  auto epsilon = lowering.getF32FloatAttr(node.floatAttr("epsilon", 1e-5f));
  Value result;
  if (centred)
    result = LayerNormOp::create(lowering, flat.getType(), flat, parameters[0], parameters[1], epsilon);
  else
    result = RmsNormOp::create(lowering, flat.getType(), flat, parameters[0], epsilon);
  lowering.known(result, lowering.sizes(flat));
  return lowering.give(lowering.reshape(result, lowering.resultSizes()));
}

/// Values of a constant f32 tensor.
static std::optional<SmallVector<double>> constantFloats(Value value) {
  DenseFPElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return std::nullopt;
  return llvm::map_to_vector(elements.getValues<APFloat>(),
                             [](const APFloat &x) { return x.convertToDouble(); });
}

/// Factor and offset of each channel, scale / sqrt(var + epsilon) and bias - mean * factor,
/// as [C, 1, ...]. Computed here when the parameters are constants.
static std::pair<Value, Value> channelFactors(Lowering &lowering, ArrayRef<Value> parameters, double epsilon,
                                              ArrayRef<AffineExpr> column) {
  Type element = lowering.elementType(parameters[0]);
  SmallVector<SmallVector<double>> known;
  for (Value parameter : parameters)
    if (std::optional<SmallVector<double>> values = constantFloats(parameter))
      known.push_back(*values);
  if (known.size() == 4 && element.isF32()) {
    SmallVector<float> factors, offsets;
    for (auto [scale, bias, mean, variance] : llvm::zip_equal(known[0], known[1], known[2], known[3])) {
      double factor = scale / std::sqrt(variance + epsilon);
      factors.push_back(factor);
      offsets.push_back(bias - mean * factor);
    }
    auto constantOf = [&](ArrayRef<float> values) {
      auto attr = DenseElementsAttr::get(lowering.tensorType(column, element), values);
      return lowering.known(arith::ConstantOp::create(lowering, attr), column);
    };
    return {constantOf(factors), constantOf(offsets)};
  }
  SmallVector<Value> columns =
      llvm::map_to_vector(parameters, [&](Value p) { return lowering.reshape(p, column); });
  Value factor =
      lowering.elementwise({columns[0], columns[3]}, column, element, [&](B &b, ValueRange in) -> Value {
        Value shifted =
            arith::AddFOp::create(b, in[1], arith::ConstantOp::create(b, b.getFloatAttr(element, epsilon)));
        return arith::DivFOp::create(b, in[0], math::SqrtOp::create(b, shifted));
      });
  Value offset = lowering.elementwise(
      {columns[1], columns[2], factor}, column, element, [](B &b, ValueRange in) -> Value {
        return arith::SubFOp::create(b, in[0], arith::MulFOp::create(b, in[1], in[2]));
      });
  return {factor, offset};
}

static LogicalResult batchNorm(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  if (node.intAttr("training_mode", 0))
    return lowering.fail("expects inference: training_mode = 0");
  for (unsigned index = 1; index < node.getNumResults(); ++index)
    if (!node.getResult(index).use_empty())
      return lowering.fail("expects inference: one output");
  Value x = node.input(0);
  Sizes sizes = lowering.sizes(x);
  if (sizes.size() < 2)
    return lowering.fail("expects rank at least 2");
  Sizes column(sizes.size() - 1, lowering.constant(1));
  column[0] = sizes[1];
  SmallVector<Value> parameters{node.input(1), node.input(2), node.input(3), node.input(4)};
  auto [factor, offset] = channelFactors(lowering, parameters, node.floatAttr("epsilon", 1e-5f), column);
  return lowering.give(lowering.elementwise(
      {x, factor, offset}, sizes, lowering.resultElement(), [](B &b, ValueRange in) -> Value {
        return arith::AddFOp::create(b, arith::MulFOp::create(b, in[0], in[1]), in[2]);
      }));
}

ArrayRef<SupportedOp> pleat::supportedNorms() {
  static constexpr SupportedOp ops[] = {
      {"BatchNormalization", 9, newestOpset, batchNorm, "inference", "epsilon momentum training_mode"},
      // Before opset 17 it is ONNX Runtime's, of the same meaning, in the standard's domain.
      {"LayerNormalization", 1, newestOpset, norm<true>, "one output", "axis epsilon stash_type"},
      {"LogSoftmax", 1, newestOpset, softmax<true>, "", "axis"},
      {"RMSNormalization", 23, newestOpset, norm<false>, "", "axis epsilon stash_type"},
      {"Softmax", 1, newestOpset, softmax<false>, "", "axis"},
  };
  return ops;
}
