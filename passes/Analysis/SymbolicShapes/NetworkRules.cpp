// Sizes of ops with arithmetic of their own: products, convolutions, pooling, reductions,
// norms, choices.
#include "passes/Analysis/SymbolicShapes/Windows.h"

using namespace mlir;
using namespace pleat;

static LogicalResult matmul(NodeShapes &facts) {
  Sizes a = facts.sizes(0), b = facts.sizes(1);
  if (a.empty() || b.empty())
    return facts.fail("expects inputs of rank at least 1");
  // numpy: a vector is a row on the left, a column on the right, and that axis disappears.
  bool row = a.size() == 1, column = b.size() == 1;
  if (row)
    a.insert(a.begin(), facts.constant(1));
  if (column)
    b.push_back(facts.constant(1));
  if (failed(facts.equate(a.back(), b[b.size() - 2])))
    return failure();
  FailureOr<Sizes> batch =
      facts.broadcast(ArrayRef<AffineExpr>(a).drop_back(2), ArrayRef<AffineExpr>(b).drop_back(2));
  if (failed(batch))
    return failure();
  Sizes result = *batch;
  if (!row)
    result.push_back(a[a.size() - 2]);
  if (!column)
    result.push_back(b.back());
  facts.setSizes(0, result);
  return success();
}

static LogicalResult gemm(NodeShapes &facts) {
  Sizes a = facts.sizes(0), b = facts.sizes(1);
  if (a.size() != 2 || b.size() != 2)
    return facts.fail("expects matrices");
  if (facts.node.intAttr("transA", 0))
    std::swap(a[0], a[1]);
  if (facts.node.intAttr("transB", 0))
    std::swap(b[0], b[1]);
  if (failed(facts.equate(a[1], b[0])))
    return failure();
  Sizes result{a[0], b[1]};
  if (facts.has(2) && failed(facts.broadcast(result, facts.sizes(2))))
    return failure();
  facts.setSizes(0, result);
  return success();
}

static LogicalResult conv(NodeShapes &facts) {
  Sizes x = facts.sizes(0), weight = facts.sizes(1);
  if (x.size() < 3 || weight.size() != x.size())
    return facts.fail("expects an input and a weight of one rank, at least 3");
  SmallVector<int64_t> kernel;
  for (AffineExpr size : ArrayRef<AffineExpr>(weight).drop_front(2))
    kernel.push_back(facts.algebra().constantValue(size).value_or(0));
  if (failed(
          facts.equate(x[1], facts.algebra().mul(weight[1], facts.constant(facts.node.intAttr("group", 1))))))
    return failure();
  FailureOr<Window> window = resolveWindow(facts, kernel, ArrayRef<AffineExpr>(x).drop_front(2));
  if (failed(window))
    return failure();
  Sizes result{x[0], weight[0]};
  result.append(window->outputs);
  facts.setSizes(0, result);
  return success();
}

static LogicalResult pool(NodeShapes &facts) {
  Sizes x = facts.sizes(0);
  if (x.size() < 3)
    return facts.fail("expects an input of rank at least 3");
  FailureOr<Window> window =
      resolveWindow(facts, facts.node.intsAttr("kernel_shape").value_or(SmallVector<int64_t>()),
                    ArrayRef<AffineExpr>(x).drop_front(2));
  if (failed(window))
    return failure();
  Sizes result{x[0], x[1]};
  result.append(window->outputs);
  for (unsigned index = 0; index < facts.node.getNumResults(); ++index)
    facts.setSizes(index, result);
  return success();
}

static LogicalResult globalPool(NodeShapes &facts) {
  Sizes result = facts.sizes(0);
  for (size_t axis = 2; axis < result.size(); ++axis)
    result[axis] = facts.constant(1);
  facts.setSizes(0, result);
  return success();
}

/// `sizes` with `axes` at 1 or dropped.
static Sizes reduced(NodeShapes &facts, ArrayRef<AffineExpr> sizes, ArrayRef<int64_t> axes) {
  bool keep = facts.node.intAttr("keepdims", 1) != 0;
  Sizes result;
  for (auto [axis, size] : llvm::enumerate(sizes)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(axis)))
      result.push_back(size);
    else if (keep)
      result.push_back(facts.constant(1));
  }
  return result;
}

static LogicalResult reduce(NodeShapes &facts) {
  FailureOr<SmallVector<int64_t>> axes = resolveReducedAxes(facts);
  if (failed(axes))
    return failure();
  facts.setSizes(0, reduced(facts, facts.sizes(0), *axes));
  return success();
}

static LogicalResult argReduce(NodeShapes &facts) {
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", 0), facts.rank(0));
  // There is no extreme of nothing.
  if (failed(axis) || failed(facts.requireAtLeast(facts.sizes(0)[*axis], 1)))
    return failure();
  facts.setSizes(0, reduced(facts, facts.sizes(0), {*axis}));
  return success();
}

static LogicalResult layerNorm(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", -1), sizes.size());
  if (failed(axis))
    return failure();
  facts.setSizes(0, sizes);
  Sizes statistics = sizes;
  for (size_t position = *axis; position < sizes.size(); ++position)
    statistics[position] = facts.constant(1);
  facts.setSizes(1, statistics);
  facts.setSizes(2, statistics);
  return success();
}

static LogicalResult topK(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", -1), sizes.size());
  std::optional<Sizes> count = facts.contents(1);
  if (failed(axis))
    return failure();
  if (!facts.has(1) && facts.node.getFields().get("k"))
    count = Sizes{facts.constant(facts.node.intAttr("k", 1))};
  if (!count || count->size() != 1)
    return facts.fail("expects 'K' to be known at compile time");
  AffineExpr greater = facts.algebra().max(sizes[*axis], count->front());
  std::optional<int64_t> fixed = facts.algebra().constantValue(count->front());
  if (failed(fixed ? facts.requireAtLeast(sizes[*axis], *fixed) : facts.equate(greater, sizes[*axis])))
    return failure();
  sizes[*axis] = count->front();
  facts.setSizes(0, sizes);
  facts.setSizes(1, sizes);
  return success();
}

static LogicalResult oneHot(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  std::optional<Sizes> depth = facts.contents(1);
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", -1), sizes.size() + 1);
  if (failed(axis))
    return failure();
  if (!depth || depth->size() != 1)
    return facts.fail("expects 'depth' to be known at compile time");
  sizes.insert(sizes.begin() + *axis, depth->front());
  facts.setSizes(0, sizes);
  return success();
}

static LogicalResult pad(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  int64_t rank = sizes.size();
  FailureOr<std::optional<SmallVector<int64_t>>> axes = facts.intsFrom("axes", 3);
  std::optional<SmallVector<int64_t>> fixed = facts.node.intsAttr("pads");
  std::optional<Sizes> pads =
      fixed ? Sizes(llvm::map_range(*fixed, [&](int64_t pad) { return facts.constant(pad); }))
            : facts.contents(1);
  if (failed(axes) || !pads)
    return facts.fail("expects 'pads' to be known at compile time");
  SmallVector<int64_t> positions = *axes ? **axes : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (pads->size() != 2 * positions.size())
    return facts.fail("expects two pads for each axis");
  for (auto [index, given] : llvm::enumerate(positions)) {
    FailureOr<int64_t> axis = facts.axis(given, rank);
    if (failed(axis))
      return failure();
    sizes[*axis] = facts.algebra().add(
        sizes[*axis], facts.algebra().add((*pads)[index], (*pads)[positions.size() + index]));
  }
  facts.setSizes(0, sizes);
  return success();
}

/// The products and the mask that attention stands for force the same equalities.
static LogicalResult attention(NodeShapes &facts) {
  Sizes query = facts.sizes(0), key = facts.sizes(1), value = facts.sizes(2);
  if (query.size() != 4 || key.size() != 4 || value.size() != 4)
    return facts.fail("expects inputs of rank 4");
  std::pair<AffineExpr, AffineExpr> same[] = {
      {query[0], key[0]}, {query[0], value[0]}, {key[1], value[1]}, {key[2], value[2]}, {query[3], key[3]}};
  for (auto [a, b] : same)
    if (failed(facts.equate(a, b)))
      return failure();
  if (facts.has(3) && failed(facts.broadcast({query[0], query[1], query[2], key[2]}, facts.sizes(3))))
    return failure();
  query[3] = value[3];
  facts.setSizes(0, query);
  return success();
}

static LogicalResult rotary(NodeShapes &facts) {
  facts.setSizes(0, facts.sizes(0));
  return success();
}

ArrayRef<NamedShapeRule> pleat::raisedShapeRules() {
  static constexpr NamedShapeRule rules[] = {{"Attention", attention}, {"Rotary", rotary}};
  return rules;
}

ArrayRef<NamedShapeRule> pleat::networkShapeRules() {
  static constexpr NamedShapeRule rules[] = {
      {"ArgMax", argReduce},
      {"ArgMin", argReduce},
      {"AveragePool", pool},
      {"Conv", conv},
      {"Gemm", gemm},
      {"GlobalAveragePool", globalPool},
      {"GlobalMaxPool", globalPool},
      {"LayerNormalization", layerNorm},
      {"LpPool", pool},
      {"MatMul", matmul},
      {"MaxPool", pool},
      {"OneHot", oneHot},
      {"Pad", pad},
      {"ReduceL1", reduce},
      {"ReduceL2", reduce},
      {"ReduceLogSum", reduce},
      {"ReduceLogSumExp", reduce},
      {"ReduceMax", reduce},
      {"ReduceMean", reduce},
      {"ReduceMin", reduce},
      {"ReduceProd", reduce},
      {"ReduceSum", reduce},
      {"ReduceSumSquare", reduce},
      {"TopK", topK},
  };
  return rules;
}
