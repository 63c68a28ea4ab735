// Ops that give the same elements another arrangement, and those that make tensors from sizes.
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

/// Reshape, Squeeze, Unsqueeze, Flatten: the sizes say it all.
static LogicalResult reshape(Lowering &lowering) {
  return lowering.give(lowering.reshape(lowering.node.input(0), lowering.resultSizes()));
}

static LogicalResult transpose(Lowering &lowering) {
  Value x = lowering.node.input(0);
  int64_t rank = lowering.rank(x);
  SmallVector<int64_t> perm =
      lowering.node.intsAttr("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
  for (int64_t &axis : perm)
    axis = axis < 0 ? axis + rank : axis;
  return lowering.give(lowering.transpose(x, perm));
}

static LogicalResult expand(Lowering &lowering) {
  return lowering.give(lowering.broadcastTo(lowering.node.input(0), lowering.resultSizes()));
}

static LogicalResult concat(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Sizes result = lowering.resultSizes();
  if (node.getInputs().size() == 1)
    return lowering.give(node.input(0));
  int64_t rank = result.size(), axis = node.intAttr("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  Value whole = lowering.empty(result, lowering.resultElement());
  Sizes offsets(rank, lowering.constant(0));
  for (Value part : node.getInputs()) {
    AffineExpr length = lowering.sizes(part)[axis];
    if (lowering.constantSize(length) != 0)
      whole = lowering.insert(part, whole, offsets);
    offsets[axis] = lowering.algebra().add(offsets[axis], length);
  }
  return lowering.give(whole);
}

/// Element i of an axis repeats with the input's size as period.
static LogicalResult tile(Lowering &lowering) {
  Value x = lowering.node.input(0);
  Sizes from = lowering.sizes(x), to = lowering.resultSizes();
  if (from == to)
    return lowering.give(x);
  SmallVector<Value> periods;
  for (AffineExpr size : from)
    periods.push_back(lowering.size(size));
  return lowering.give(
      lowering.generate(to, lowering.resultElement(), [&](B &b, ValueRange position) -> Value {
        SmallVector<Value> source;
        for (auto [index, period, a, c] : llvm::zip(position, periods, from, to))
          source.push_back(a == c ? index : arith::RemUIOp::create(b, index, period).getResult());
        return tensor::ExtractOp::create(b, x, source);
      }));
}

static LogicalResult constantOfShape(Lowering &lowering) {
  auto value = lowering.node.getFields().getAs<DenseElementsAttr>("value");
  Type element = lowering.resultElement();
  TypedAttr one = cast<TypedAttr>(lowering.getZeroAttr(element));
  if (value && isa<FloatType>(element))
    one = lowering.getFloatAttr(element, (*value.getValues<APFloat>().begin()).convertToDouble());
  else if (value)
    one = lowering.getIntegerAttr(element, *value.getValues<APInt>().begin());
  Sizes sizes = lowering.resultSizes();
  bool fixed = llvm::all_of(sizes, [&](AffineExpr size) { return lowering.constantSize(size).has_value(); });
  if (fixed) {
    auto splat = DenseElementsAttr::get(lowering.tensorType(sizes, element), Attribute(one));
    return lowering.give(lowering.known(arith::ConstantOp::create(lowering, splat), sizes));
  }
  return lowering.give(lowering.filled(sizes, arith::ConstantOp::create(lowering, one)));
}

/// start + i * delta, with bounds that the shape analysis knows.
static LogicalResult range(Lowering &lowering) {
  std::optional<Sizes> start = lowering.shapes.contents(lowering.node.input(0));
  std::optional<SmallVector<int64_t>> step = lowering.shapes.constants(lowering.node.input(2));
  Type element = lowering.resultElement();
  if (!start || !step || !isa<IntegerType>(element))
    return lowering.fail("expects integer bounds and a step known at compile time");
  Value first = lowering.size(start->front());
  Value by = lowering.size(lowering.constant(step->front()));
  return lowering.give(
      lowering.generate(lowering.resultSizes(), element, [&](B &b, ValueRange position) -> Value {
        Value index = position[0];
        if (step->front() != 1)
          index = arith::MulIOp::create(b, index, by);
        if (lowering.constantSize(start->front()) != 0)
          index = arith::AddIOp::create(b, index, first);
        return arith::IndexCastOp::create(b, element, index);
      }));
}

/// Lower or upper triangle of the last two axes; the other elements are zero.
static LogicalResult trilu(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  Sizes sizes = lowering.sizes(x);
  if (sizes.size() < 2)
    return lowering.fail("expects rank at least 2");
  std::optional<SmallVector<int64_t>> diagonal = SmallVector<int64_t>{0};
  if (Value k = node.input(1))
    diagonal = lowering.shapes.constants(k);
  if (!diagonal)
    return lowering.fail("expects 'k' to be known at compile time");
  bool upper = node.intAttr("upper", 1) != 0;
  size_t rows = sizes.size() - 2;
  Value shift = lowering.size(lowering.constant(diagonal->front()));
  return lowering.give(
      lowering.elementwise(x, sizes, lowering.resultElement(), [&](B &b, ValueRange in) -> Value {
        Value row = linalg::IndexOp::create(b, rows), column = linalg::IndexOp::create(b, rows + 1);
        Value edge = arith::AddIOp::create(b, row, shift);
        Value keep = arith::CmpIOp::create(b, upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle,
                                           column, edge);
        Value zero = arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(in[0].getType())));
        return arith::SelectOp::create(b, keep, in[0], zero);
      }));
}

/// Sizes as data: the driver has made what is known a constant or a tensor of sizes already.
static LogicalResult alreadyKnown(Lowering &lowering) {
  return lowering.fail("expects at most " + Twine(SymbolicShapes::maxContents) + " sizes");
}

ArrayRef<SupportedOp> pleat::supportedShapeOps() {
  static constexpr SupportedOp ops[] = {
      {"Concat", 4, newestOpset, concat, "", "axis"},
      {"ConstantOfShape", 9, newestOpset, constantOfShape, "a shape computed from sizes", "value"},
      {"Expand", 8, newestOpset, expand, "a shape computed from sizes"},
      {"Flatten", 1, newestOpset, reshape, "", "axis"},
      {"Range", 11, newestOpset, range, "integers, bounds computed from sizes, a constant step",
       "stash_type"},
      {"Reshape", 5, newestOpset, reshape, "a shape computed from sizes", "allowzero"},
      {"Shape", 1, newestOpset, alreadyKnown, "", "start end"},
      {"Size", 1, newestOpset, alreadyKnown},
      {"Squeeze", 1, newestOpset, reshape, "", "axes"},
      {"Tile", 6, newestOpset, tile, "repeats computed from sizes"},
      {"Transpose", 1, newestOpset, transpose, "", "perm"},
      {"Trilu", 14, newestOpset, trilu, "a constant k", "upper"},
      {"Unsqueeze", 1, newestOpset, reshape, "", "axes"},
  };
  return ops;
}
