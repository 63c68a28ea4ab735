// Shape arithmetic: the ops that exporters compute sizes with. Their contents are followed as
// expressions wherever all elements are known.
#include "passes/Analysis/SymbolicShapes/Rules.h"

using namespace mlir;
using namespace pleat;

/// Element `index` (row-major in `to`) of contents that broadcast from `from` to `to`.
static AffineExpr broadcastElement(ArrayRef<AffineExpr> contents, ArrayRef<int64_t> from,
                                   ArrayRef<int64_t> to, int64_t index) {
  int64_t position = 0, stride = 1;
  for (int64_t axis = to.size() - 1, inner = from.size() - 1; inner >= 0; --axis, --inner) {
    int64_t coordinate = index % to[axis];
    index /= to[axis];
    position += (from[inner] == 1 ? 0 : coordinate) * stride;
    stride *= from[inner];
  }
  return contents[position];
}

/// The sizes when all are constants.
static std::optional<SmallVector<int64_t>> constantSizes(NodeShapes &facts, ArrayRef<AffineExpr> sizes) {
  SmallVector<int64_t> result;
  for (AffineExpr size : sizes) {
    std::optional<int64_t> value = facts.algebra().constantValue(size);
    if (!value)
      return std::nullopt;
    result.push_back(*value);
  }
  return result;
}

using Combine = AffineExpr (*)(SizeAlgebra &, ArrayRef<AffineExpr>);

/// All inputs broadcast; contents combine element by element while `combine` knows how.
template <Combine combine>
static LogicalResult broadcastContents(NodeShapes &facts) {
  Sizes sizes;
  unsigned count = facts.node.getInputs().size();
  for (unsigned index = 0; index < count; ++index) {
    FailureOr<Sizes> merged = facts.broadcast(sizes, facts.sizes(index));
    if (failed(merged))
      return failure();
    sizes = *merged;
  }
  facts.setSizes(0, sizes);
  std::optional<SmallVector<int64_t>> shape = constantSizes(facts, sizes);
  SmallVector<Sizes> contents;
  SmallVector<SmallVector<int64_t>> shapes;
  for (unsigned index = 0; index < count; ++index) {
    std::optional<Sizes> known = facts.contents(index);
    std::optional<SmallVector<int64_t>> from = constantSizes(facts, facts.sizes(index));
    if (!shape || !known || !from)
      return success();
    contents.push_back(*known);
    shapes.push_back(*from);
  }
  int64_t elements = ShapedType::getNumElements(*shape);
  if (elements > SymbolicShapes::maxContents)
    return success();
  Sizes result;
  for (int64_t element = 0; element < elements; ++element) {
    Sizes operands;
    for (auto [known, from] : llvm::zip(contents, shapes))
      operands.push_back(broadcastElement(known, from, *shape, element));
    AffineExpr value = combine(facts.algebra(), operands);
    if (!value)
      return success();
    result.push_back(value);
  }
  facts.setContents(0, result);
  return success();
}

static AffineExpr add(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) { return algebra.add(x[0], x[1]); }
static AffineExpr subtract(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) { return algebra.sub(x[0], x[1]); }
static AffineExpr multiply(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) { return algebra.mul(x[0], x[1]); }
static AffineExpr negate(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return algebra.sub(algebra.constant(0), x[0]);
}
static AffineExpr same(SizeAlgebra &, ArrayRef<AffineExpr> x) { return x[0]; }

static bool nonNegative(SizeAlgebra &algebra, AffineExpr x) {
  return algebra.lowerBound(x).value_or(-1) >= 0;
}

/// ONNX divides towards zero; that is rounding down where nothing is negative.
static AffineExpr divide(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  if (AffineExpr exact = algebra.divideExactly(x[0], x[1]))
    return exact;
  std::optional<int64_t> a = algebra.constantValue(x[0]), b = algebra.constantValue(x[1]);
  if (a && b)
    return *b == 0 ? AffineExpr() : algebra.constant(*a / *b);
  return nonNegative(algebra, x[0]) && b.value_or(0) > 0 ? algebra.floorDiv(x[0], x[1]) : AffineExpr();
}

static AffineExpr modulo(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  bool plain = nonNegative(algebra, x[0]) && algebra.constantValue(x[1]).value_or(0) > 0;
  return plain ? algebra.mod(x[0], x[1]) : AffineExpr();
}

static AffineExpr least(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  AffineExpr result = x[0];
  for (AffineExpr next : x.drop_front())
    result = algebra.min(result, next);
  return result;
}

static AffineExpr greatest(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  AffineExpr result = x[0];
  for (AffineExpr next : x.drop_front())
    result = algebra.max(result, next);
  return result;
}

static AffineExpr truth(SizeAlgebra &algebra, std::optional<bool> value) {
  return value ? algebra.constant(*value) : AffineExpr();
}

static AffineExpr equal(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return truth(algebra, algebra.equal(x[0], x[1]));
}

/// x[0] <= x[1] + slack, when that holds always or never.
static AffineExpr atMost(SizeAlgebra &algebra, AffineExpr a, AffineExpr b) {
  if (algebra.provablyAtMost(a, b))
    return algebra.constant(1);
  return algebra.provablyAtMost(algebra.add(b, algebra.constant(1)), a) ? algebra.constant(0) : AffineExpr();
}
static AffineExpr lessOrEqual(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return atMost(algebra, x[0], x[1]);
}
static AffineExpr greaterOrEqual(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return atMost(algebra, x[1], x[0]);
}
static AffineExpr invert(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  std::optional<int64_t> value = x[0] ? algebra.constantValue(x[0]) : std::nullopt;
  return value ? algebra.constant(!*value) : AffineExpr();
}
static AffineExpr less(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return invert(algebra, {atMost(algebra, x[1], x[0])});
}
static AffineExpr greater(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return invert(algebra, {atMost(algebra, x[0], x[1])});
}

static AffineExpr both(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) { return algebra.mul(x[0], x[1]); }
static AffineExpr either(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  return algebra.sub(algebra.add(x[0], x[1]), algebra.mul(x[0], x[1]));
}

static AffineExpr choose(SizeAlgebra &algebra, ArrayRef<AffineExpr> x) {
  if (x[1] == x[2])
    return x[1];
  std::optional<int64_t> condition = algebra.constantValue(x[0]);
  return condition ? x[*condition ? 1 : 2] : AffineExpr();
}

/// Integers and bools keep their contents through a cast; a cast to bool only where the
/// element is known to be zero or not.
static LogicalResult cast(NodeShapes &facts) {
  facts.setSizes(0, facts.sizes(0));
  std::optional<Sizes> contents = facts.contents(0);
  Type to = getElementTypeOrSelf(facts.node.getResult(0).getType());
  if (!contents || !isa<IntegerType>(to))
    return success();
  if (to.isInteger(1))
    for (AffineExpr &element : *contents) {
      AffineExpr isZero = equal(facts.algebra(), {element, facts.constant(0)});
      if (!isZero)
        return success();
      element = invert(facts.algebra(), {isZero});
    }
  else if (to.getIntOrFloatBitWidth() < 32)
    return success(); // May wrap.
  facts.setContents(0, *contents);
  return success();
}

static LogicalResult shapeOf(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  auto clamp = [&](int64_t position) {
    int64_t rank = sizes.size();
    return std::clamp<int64_t>(position < 0 ? position + rank : position, 0, rank);
  };
  int64_t start = clamp(facts.node.intAttr("start", 0));
  int64_t end = std::max(start, clamp(facts.node.intAttr("end", sizes.size())));
  facts.setSizes(0, {facts.constant(end - start)});
  facts.setContents(0, Sizes(ArrayRef<AffineExpr>(sizes).slice(start, end - start)));
  return success();
}

static LogicalResult sizeOfTensor(NodeShapes &facts) {
  facts.setSizes(0, {});
  facts.setContents(0, {facts.algebra().product(facts.sizes(0))});
  return success();
}

static LogicalResult range(NodeShapes &facts) {
  std::optional<Sizes> start = facts.contents(0), limit = facts.contents(1), delta = facts.contents(2);
  std::optional<int64_t> step = delta ? facts.algebra().constantValue(delta->front()) : std::nullopt;
  if (!start || !limit || !step || *step == 0)
    return facts.fail("expects integer bounds and a step known at compile time");
  SizeAlgebra &algebra = facts.algebra();
  AffineExpr distance =
      *step > 0 ? algebra.sub(limit->front(), start->front()) : algebra.sub(start->front(), limit->front());
  AffineExpr count =
      algebra.ceilDiv(algebra.max(distance, facts.constant(0)), facts.constant(std::abs(*step)));
  facts.setSizes(0, {count});
  std::optional<int64_t> known = algebra.constantValue(count);
  if (!known || *known > SymbolicShapes::maxContents)
    return success();
  Sizes contents;
  for (int64_t index = 0; index < *known; ++index)
    contents.push_back(algebra.add(start->front(), facts.constant(index * *step)));
  facts.setContents(0, contents);
  return success();
}

static LogicalResult constantOfShape(NodeShapes &facts) {
  std::optional<Sizes> sizes = facts.contents(0);
  if (!sizes)
    return facts.fail("expects a shape known at compile time");
  facts.setSizes(0, *sizes);
  std::optional<SmallVector<int64_t>> shape = constantSizes(facts, *sizes);
  auto value = facts.node.getFields().getAs<DenseElementsAttr>("value");
  bool isInteger = value && isa<IntegerType>(value.getElementType());
  if (!shape || !isInteger || ShapedType::getNumElements(*shape) > SymbolicShapes::maxContents)
    return success();
  AffineExpr element = facts.constant((*value.getValues<APInt>().begin()).getSExtValue());
  facts.setContents(0, Sizes(ShapedType::getNumElements(*shape), element));
  return success();
}

ArrayRef<NamedShapeRule> pleat::arithmeticShapeRules() {
  static constexpr NamedShapeRule rules[] = {
      {"Add", broadcastContents<add>},
      {"And", broadcastContents<both>},
      {"Cast", cast},
      {"CastLike", cast},
      {"ConstantOfShape", constantOfShape},
      {"Div", broadcastContents<divide>},
      {"Equal", broadcastContents<equal>},
      {"Greater", broadcastContents<greater>},
      {"GreaterOrEqual", broadcastContents<greaterOrEqual>},
      {"Identity", broadcastContents<same>},
      {"Less", broadcastContents<less>},
      {"LessOrEqual", broadcastContents<lessOrEqual>},
      {"Max", broadcastContents<greatest>},
      {"Min", broadcastContents<least>},
      {"Mod", broadcastContents<modulo>},
      {"Mul", broadcastContents<multiply>},
      {"Neg", broadcastContents<negate>},
      {"Not", broadcastContents<invert>},
      {"Or", broadcastContents<either>},
      {"Range", range},
      {"Shape", shapeOf},
      {"Size", sizeOfTensor},
      {"Sub", broadcastContents<subtract>},
      {"Where", broadcastContents<choose>},
  };
  return rules;
}
