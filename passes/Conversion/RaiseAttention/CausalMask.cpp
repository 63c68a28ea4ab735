// Causal masks as exporters write them: the lower triangle of a matrix of ones, or a comparison
// of two counters.
#include "passes/Conversion/RaiseAttention/CausalMask.h"

#include "passes/Utils/NodeMatch.h"

using namespace mlir;
using namespace pleat;

/// Scores at or below this vanish in a softmax.
static constexpr double vanishing = -1e9;

/// A tensor whose element along one axis, counted from the last, is `start` plus the position;
/// all its other axes have size 1.
struct Counter {
  unsigned axisFromEnd;
  AffineExpr start, count;
};

/// The counter that `value` is; nullopt when it is none.
static std::optional<Counter> counterOf(Value value, SymbolicShapes &shapes) {
  value = behindIdentity(value);
  std::optional<Sizes> sizes = shapes.sizes(value);
  if (!sizes)
    return std::nullopt;
  SizeAlgebra &algebra = shapes.algebra();
  // A counter of one element counts along any axis; callers take it for the axis they need.
  if (std::optional<Sizes> contents = shapes.contents(value); contents && contents->size() == 1)
    return Counter{0, contents->front(), algebra.constant(1)};
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node)
    return std::nullopt;
  if (node.is("Range")) {
    std::optional<Sizes> start = shapes.contents(node.input(0));
    std::optional<SmallVector<int64_t>> step = shapes.constants(node.input(2));
    if (!start || !step || step->front() != 1)
      return std::nullopt;
    return Counter{0, start->front(), sizes->front()};
  }
  if (node.is("Unsqueeze") || node.is("Reshape") || node.is("Cast") || node.is("Expand")) {
    std::optional<Counter> inner = counterOf(node.input(0), shapes);
    if (!inner)
      return std::nullopt;
    // The counting axis is the one that keeps the size; all others have to be 1.
    std::optional<unsigned> axis;
    for (unsigned fromEnd = 0; fromEnd < sizes->size(); ++fromEnd) {
      AffineExpr size = (*sizes)[sizes->size() - 1 - fromEnd];
      if (algebra.constantValue(size) == 1)
        continue;
      if (axis || size != inner->count)
        return std::nullopt;
      axis = fromEnd;
    }
    inner->axisFromEnd = axis.value_or(0);
    return inner;
  }
  if (node.is("Add"))
    for (unsigned side : {0u, 1u}) {
      std::optional<Counter> inner = counterOf(node.input(side), shapes);
      std::optional<Sizes> offset = shapes.contents(node.input(1 - side));
      if (!inner || !offset || offset->size() != 1)
        continue;
      inner->start = algebra.add(inner->start, offset->front());
      return inner;
    }
  return std::nullopt;
}

/// Whether `value` is the lower triangle of ones of a square.
static bool isLowerTriangle(Value value, SymbolicShapes &shapes) {
  auto triangle = definedBy(value, "Trilu");
  if (!triangle || triangle.intAttr("upper", 1) != 0)
    return false;
  if (triangle.input(1)) {
    std::optional<SmallVector<int64_t>> diagonal = shapes.constants(triangle.input(1));
    if (!diagonal || diagonal->front() != 0)
      return false;
  }
  Value ones = triangle.input(0);
  while (auto expand = definedBy(ones, "Expand"))
    ones = expand.input(0);
  if (constantScalar(ones) == 1.0)
    return true;
  auto filled = definedBy(ones, "ConstantOfShape");
  auto value0 = filled ? filled.getFields().getAs<DenseElementsAttr>("value") : DenseElementsAttr();
  if (!value0 || !value0.isSplat())
    return false;
  if (isa<FloatType>(value0.getElementType()))
    return value0.getSplatValue<APFloat>().convertToDouble() == 1.0;
  return value0.getSplatValue<APInt>().getBoolValue() && value0.getSplatValue<APInt>().isOne();
}

/// keys' counter <= queries' counter, aligned at the ends of both.
static bool comparesCounters(Value keyCounter, Value queryCounter, AffineExpr queries, AffineExpr keys,
                             SymbolicShapes &shapes) {
  std::optional<Counter> key = counterOf(keyCounter, shapes), query = counterOf(queryCounter, shapes);
  if (!key || !query)
    return false;
  SizeAlgebra &algebra = shapes.algebra();
  bool keyAxis = key->axisFromEnd == 0 && key->count == keys;
  bool queryAxis =
      query->count == queries && (query->axisFromEnd == 1 || algebra.constantValue(queries) == 1);
  AffineExpr shift = algebra.sub(query->start, key->start);
  return keyAxis && queryAxis && shift == algebra.sub(keys, queries);
}

bool pleat::isCausalCondition(Value condition, AffineExpr queries, AffineExpr keys, SymbolicShapes &shapes) {
  condition = behindIdentity(condition);
  auto node = condition.getDefiningOp<onnx::NodeOp>();
  if (!node)
    return false;
  // A triangle of another size would broadcast or not fit; either is no proof.
  auto fits = [&](Value triangle) {
    std::optional<Sizes> sizes = shapes.sizes(triangle);
    return queries == keys && sizes && sizes->size() >= 2 && sizes->back() == keys &&
           (*sizes)[sizes->size() - 2] == queries;
  };
  if (node.is("Trilu"))
    return fits(condition) && isLowerTriangle(condition, shapes);
  if (node.is("Cast") || node.is("Expand") || node.is("Unsqueeze"))
    return isCausalCondition(node.input(0), queries, keys, shapes);
  if (node.is("Greater") && constantScalar(node.input(1)) == 0.0)
    return fits(node.input(0)) && isLowerTriangle(node.input(0), shapes);
  if (node.is("Equal") && constantScalar(node.input(1)) == 1.0)
    return fits(node.input(0)) && isLowerTriangle(node.input(0), shapes);
  if (node.is("LessOrEqual"))
    return comparesCounters(node.input(0), node.input(1), queries, keys, shapes);
  if (node.is("GreaterOrEqual"))
    return comparesCounters(node.input(1), node.input(0), queries, keys, shapes);
  return false;
}

bool pleat::isCausalMask(Value mask, AffineExpr queries, AffineExpr keys, SymbolicShapes &shapes) {
  mask = behindIdentity(mask);
  auto node = mask.getDefiningOp<onnx::NodeOp>();
  if (!node)
    return false;
  if (node.is("Unsqueeze") || node.is("Expand"))
    return isCausalMask(node.input(0), queries, keys, shapes);
  return node.is("Where") && constantScalar(node.input(1)) == 0.0 &&
         constantScalar(node.input(2)).value_or(0) <= vanishing &&
         isCausalCondition(node.input(0), queries, keys, shapes);
}
