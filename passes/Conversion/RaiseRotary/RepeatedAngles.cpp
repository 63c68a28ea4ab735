// Exporters repeat the frequencies before they take cosine and sine, so the walk goes back
// from the angles, through what treats all elements of the last axis alike, to a Concat of
// one tensor with itself, or to a table whose numbers repeat.
#include "passes/Conversion/RaiseRotary/RepeatedAngles.h"

#include "passes/Conversion/RaiseRotary/Pairs.h"
#include "passes/Utils/NodeMatch.h"
#include "passes/Utils/WeightData.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace pleat;

/// The numbers of an f32 weight or constant; empty when they cannot be had.
static std::vector<float> numbersOf(Value value) {
  if (auto weight = value.getDefiningOp<WeightOp>()) {
    llvm::Expected<std::vector<float>> data = readWeight(weight);
    if (data)
      return std::move(*data);
    llvm::consumeError(data.takeError());
    return {};
  }
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.getElementType().isF32())
    return {};
  auto values = elements.getValues<float>();
  return std::vector<float>(values.begin(), values.end());
}

/// Whether both of each pair in rows of `length` numbers are equal to the bit.
static bool repeats(ArrayRef<float> numbers, size_t length, bool interleaved) {
  if (numbers.empty() || length == 0 || length % 2 != 0 || numbers.size() % length != 0)
    return false;
  size_t step = interleaved ? 1 : length / 2;
  for (size_t row = 0; row < numbers.size(); row += length)
    for (size_t pair = 0; pair < length / 2; ++pair) {
      size_t first = row + (interleaved ? 2 * pair : pair);
      if (llvm::bit_cast<uint32_t>(numbers[first]) != llvm::bit_cast<uint32_t>(numbers[first + step]))
        return false;
    }
  return true;
}

Value RepeatedAngles::halve(Value angles, bool interleaved) {
  angles = behindIdentity(angles);
  auto [entry, isNew] = known.try_emplace({angles, interleaved}, Value());
  if (!isNew)
    return entry->second;
  Value half = repeated(angles, interleaved);
  if (!half && isConstant(angles))
    half = halveConstant(angles, angles, interleaved);
  if (auto node = angles.getDefiningOp<onnx::NodeOp>(); node && !half)
    half = halveThrough(node, interleaved);
  known[{angles, int(interleaved)}] = half;
  return half;
}

Value RepeatedAngles::repeated(Value angles, bool interleaved) {
  std::optional<Sizes> sizes = shapes.sizes(angles);
  if (!sizes || sizes->empty())
    return {};
  int64_t rank = sizes->size();
  auto isLast = [](onnx::NodeOp concat, int64_t rank) {
    int64_t axis = concat.intAttr("axis", 0);
    return concat.getInputs().size() == 2 &&
           behindIdentity(concat.input(0)) == behindIdentity(concat.input(1)) &&
           (axis == -1 || axis == rank - 1);
  };
  if (!interleaved) {
    auto concat = definedBy(angles, "Concat");
    return concat && isLast(concat, rank) ? behindIdentity(concat.input(0)) : Value();
  }
  auto flat = definedBy(angles, "Reshape");
  Value spread = flat ? behindIdentity(flat.input(0)) : Value();
  std::optional<Sizes> pairs = spread ? shapes.sizes(spread) : std::nullopt;
  bool isPairs = pairs && int64_t(pairs->size()) == rank + 1 &&
                 pairs->back() == shapes.algebra().constant(2) &&
                 std::equal(sizes->begin(), sizes->end() - 1, pairs->begin());
  if (!isPairs)
    return {};
  if (auto concat = definedBy(spread, "Concat"); concat && isLast(concat, rank + 1))
    return withoutUnitAxis(concat.input(0), rank, shapes);
  auto expand = definedBy(spread, "Expand");
  Value single = expand ? withoutUnitAxis(expand.input(0), rank, shapes) : Value();
  std::optional<Sizes> from = single ? shapes.sizes(single) : std::nullopt;
  return from && std::equal(from->begin(), from->end(), pairs->begin()) ? single : Value();
}

Value RepeatedAngles::halveThrough(onnx::NodeOp node, bool interleaved) {
  if (node->getNumResults() != 1)
    return {};
  std::optional<Sizes> from = node.input(0) ? shapes.sizes(node.input(0)) : std::nullopt;
  std::optional<Sizes> to = shapes.sizes(node.getResult(0));
  if (!from || !to || to->empty())
    return {};
  bool keepsLast = !from->empty() && from->back() == to->back();
  auto through = [&](unsigned operand) {
    Value half = halve(node.input(operand), interleaved);
    return half ? rebuilt(node, operand, half) : Value();
  };
  if (node.is("Cos") || node.is("Sin") || node.is("Cast"))
    return through(0);
  // Axes counted from the front stay what they are; the last one is not among them.
  if (node.is("Unsqueeze") && keepsLast)
    return through(0);
  if (node.is("Gather") && node.intAttr("axis", 0) == 0 && from->size() > 1 && isConstant(node.input(0)))
    return halveConstant(node.getResult(0), node.input(0), interleaved);
  if (node.is("Mul") || node.is("Div")) {
    if (keepsLast && constantScalar(node.input(1)))
      return through(0);
    std::optional<Sizes> right = shapes.sizes(node.input(1));
    if (node.is("Mul") && right && !right->empty() && right->back() == to->back() &&
        constantScalar(node.input(0)))
      return through(1);
  }
  return {};
}

/// The first of each pair of `angles`, which are `table` or rows gathered from it.
Value RepeatedAngles::halveConstant(Value angles, Value table, bool interleaved) {
  auto type = dyn_cast<RankedTensorType>(table.getType());
  std::optional<Sizes> sizes = shapes.sizes(angles);
  if (!type || type.getRank() == 0 || !type.hasStaticShape() || !sizes)
    return {};
  int64_t length = type.getShape().back();
  if (!repeats(numbersOf(table), length, interleaved))
    return {};
  OpBuilder builder(angles.getContext());
  builder.setInsertionPointAfterValue(angles);
  auto list = RankedTensorType::get({1}, builder.getI64Type());
  auto constant = [&](int64_t value) {
    Value result = arith::ConstantOp::create(builder, angles.getLoc(), DenseElementsAttr::get(list, value));
    shapes.setSizes(result, {shapes.algebra().constant(1)});
    shapes.setContents(result, {shapes.algebra().constant(value)});
    return result;
  };
  Value start = constant(0), end = constant(interleaved ? length : length / 2);
  Value axis = constant(sizes->size() - 1), step = constant(interleaved ? 2 : 1);
  sizes->back() = shapes.algebra().constant(length / 2);
  auto slice =
      makeNode(builder, angles.getLoc(), "Slice", 13, {angles, start, end, axis, step}, {}, angles.getType());
  shapes.setSizes(slice.getResult(0), *sizes);
  slice.getResult(0).setType(shapes.type(slice.getResult(0)));
  return slice.getResult(0);
}

/// `node` on `half` in place of its operand.
Value RepeatedAngles::rebuilt(onnx::NodeOp node, unsigned operand, Value half) {
  Sizes sizes = *shapes.sizes(node.getResult(0));
  sizes.back() = shapes.sizes(half)->back();
  OpBuilder builder(node);
  auto copy = cast<onnx::NodeOp>(builder.clone(*node));
  copy->setOperand(operand, half);
  Value result = copy.getResult(0);
  result.setType(UnrankedTensorType::get(getElementTypeOrSelf(result.getType())));
  shapes.setSizes(result, sizes);
  result.setType(shapes.type(result));
  return result;
}
