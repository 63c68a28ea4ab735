// Sizes and contents of ops that move elements without computing: reshapes, slices, joins,
// gathers.
#include "passes/Analysis/SymbolicShapes/Windows.h"

using namespace mlir;
using namespace pleat;

/// Contents survive whatever keeps the order of elements.
static void keepContents(NodeShapes &facts) {
  if (std::optional<Sizes> contents = facts.contents(0))
    facts.setContents(0, *contents);
}

static LogicalResult reshape(NodeShapes &facts) {
  std::optional<Sizes> target = facts.contents(1);
  if (!target)
    return facts.fail("expects a shape known at compile time");
  Sizes from = facts.sizes(0), to;
  bool zeroCopies = facts.node.intAttr("allowzero", 0) == 0;
  std::optional<unsigned> open;
  for (auto [axis, size] : llvm::enumerate(*target)) {
    std::optional<int64_t> value = facts.algebra().constantValue(size);
    if (value == 0 && zeroCopies) {
      if (axis >= from.size())
        return facts.fail("expects a 0 in the shape to stand for an axis of the input, but got position " +
                          Twine(axis));
      to.push_back(from[axis]);
    } else if (value == -1) {
      if (open)
        return facts.fail("expects at most one -1 in the shape");
      open = axis;
      to.push_back(facts.constant(1));
    } else {
      to.push_back(size);
    }
  }
  AffineExpr have = facts.algebra().product(from), given = facts.algebra().product(to);
  if (open) {
    std::optional<int64_t> divisor = facts.algebra().constantValue(given);
    AffineExpr rest = divisor == 0 ? facts.constant(0) : facts.algebra().floorDiv(have, given);
    to[*open] = rest;
    // An uneven quotient is caught at run time where it can occur.
    if (divisor != 0 && !facts.algebra().divideExactly(have, given) &&
        failed(facts.equate(have, facts.algebra().mul(rest, given))))
      return failure();
  } else if (failed(facts.equate(have, given))) {
    return failure();
  }
  facts.setSizes(0, to);
  keepContents(facts);
  return success();
}

static LogicalResult flatten(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  int64_t rank = sizes.size(), axis = facts.node.intAttr("axis", 1);
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis > rank)
    return facts.fail("expects an axis up to rank " + Twine(rank));
  ArrayRef<AffineExpr> all(sizes);
  facts.setSizes(
      0, {facts.algebra().product(all.take_front(axis)), facts.algebra().product(all.drop_front(axis))});
  keepContents(facts);
  return success();
}

static LogicalResult squeeze(NodeShapes &facts) {
  Sizes from = facts.sizes(0), to;
  FailureOr<std::optional<SmallVector<int64_t>>> axes = facts.intsFrom("axes", 1);
  if (failed(axes))
    return failure();
  llvm::SmallBitVector dropped(from.size());
  if (*axes) {
    for (int64_t axis : **axes) {
      FailureOr<int64_t> position = facts.axis(axis, from.size());
      if (failed(position) || failed(facts.equate(from[*position], facts.constant(1))))
        return failure();
      dropped.set(*position);
    }
  } else {
    for (auto [axis, size] : llvm::enumerate(from)) {
      std::optional<int64_t> value = facts.algebra().constantValue(size);
      if (!value)
        return facts.fail("expects axes, as a size is not known at compile time");
      if (*value == 1)
        dropped.set(axis);
    }
  }
  for (auto [axis, size] : llvm::enumerate(from))
    if (!dropped.test(axis))
      to.push_back(size);
  facts.setSizes(0, to);
  keepContents(facts);
  return success();
}

static LogicalResult unsqueeze(NodeShapes &facts) {
  Sizes from = facts.sizes(0), to;
  FailureOr<std::optional<SmallVector<int64_t>>> axes = facts.intsFrom("axes", 1);
  if (failed(axes) || !*axes)
    return facts.fail("expects 'axes' to be known at compile time");
  int64_t rank = from.size() + (*axes)->size();
  llvm::SmallBitVector added(rank);
  for (int64_t axis : **axes) {
    FailureOr<int64_t> position = facts.axis(axis, rank);
    if (failed(position) || added.test(*position))
      return facts.fail("expects distinct axes within rank " + Twine(rank));
    added.set(*position);
  }
  for (int64_t axis = 0, next = 0; axis < rank; ++axis)
    to.push_back(added.test(axis) ? facts.constant(1) : from[next++]);
  facts.setSizes(0, to);
  keepContents(facts);
  return success();
}

static LogicalResult transpose(NodeShapes &facts) {
  Sizes from = facts.sizes(0), to;
  SmallVector<int64_t> perm = facts.node.intsAttr("perm").value_or(
      llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, from.size()))));
  if (perm.size() != from.size())
    return facts.fail("expects 'perm' to have " + Twine(from.size()) + " entries, but got " +
                      Twine(perm.size()));
  for (int64_t axis : perm) {
    if (failed(facts.axis(axis, from.size())))
      return failure();
    to.push_back(from[axis < 0 ? axis + from.size() : axis]);
  }
  facts.setSizes(0, to);
  if (from.size() <= 1)
    keepContents(facts);
  return success();
}

static LogicalResult expand(NodeShapes &facts) {
  std::optional<Sizes> target = facts.contents(1);
  if (!target)
    return facts.fail("expects a shape known at compile time");
  FailureOr<Sizes> sizes = facts.broadcast(facts.sizes(0), *target);
  if (failed(sizes))
    return failure();
  std::optional<Sizes> contents = facts.contents(0);
  std::optional<int64_t> count = facts.algebra().constantValue(facts.algebra().product(*sizes));
  if (contents && contents->size() == 1 && count && *count >= 0 && *count <= SymbolicShapes::maxContents)
    facts.setContents(0, Sizes(*count, contents->front()));
  facts.setSizes(0, *sizes);
  return success();
}

static LogicalResult concat(NodeShapes &facts) {
  Sizes result = facts.sizes(0);
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", 0), result.size());
  if (failed(axis))
    return failure();
  std::optional<Sizes> contents = result.size() == 1 ? facts.contents(0) : std::nullopt;
  for (unsigned index = 1; index < facts.node.getInputs().size(); ++index) {
    Sizes next = facts.sizes(index);
    if (next.size() != result.size())
      return facts.fail("expects inputs of one rank");
    for (int64_t other = 0, rank = result.size(); other < rank; ++other) {
      if (other == *axis)
        result[other] = facts.algebra().add(result[other], next[other]);
      else if (failed(facts.equate(result[other], next[other])))
        return failure();
    }
    std::optional<Sizes> more = facts.contents(index);
    if (contents && more)
      contents->append(more->begin(), more->end());
    else
      contents.reset();
  }
  facts.setSizes(0, result);
  if (contents)
    facts.setContents(0, *contents);
  return success();
}

static LogicalResult split(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", 0), sizes.size());
  FailureOr<std::optional<SmallVector<int64_t>>> given = facts.intsFrom("split", 1);
  if (failed(axis) || failed(given))
    return failure();
  int64_t parts = facts.node.getNumResults(), offset = 0;
  Sizes lengths;
  if (*given) {
    if (static_cast<int64_t>((*given)->size()) != parts)
      return facts.fail("expects one length for each result");
    AffineExpr total = facts.constant(0);
    for (int64_t length : **given)
      lengths.push_back(facts.constant(length)), total = facts.algebra().add(total, lengths.back());
    if (failed(facts.equate(total, sizes[*axis])))
      return failure();
  } else {
    AffineExpr chunk = facts.algebra().ceilDiv(sizes[*axis], facts.constant(parts));
    lengths.assign(parts, chunk);
    lengths.back() = facts.algebra().sub(sizes[*axis], facts.algebra().mul(chunk, facts.constant(parts - 1)));
  }
  std::optional<Sizes> contents = sizes.size() == 1 ? facts.contents(0) : std::nullopt;
  for (int64_t index = 0; index < parts; ++index) {
    Sizes part = sizes;
    part[*axis] = lengths[index];
    facts.setSizes(index, part);
    std::optional<int64_t> length = facts.algebra().constantValue(lengths[index]);
    if (!contents || !length || *length < 0 || offset + *length > static_cast<int64_t>(contents->size()))
      continue;
    facts.setContents(index, Sizes(ArrayRef<AffineExpr>(*contents).slice(offset, *length)));
    offset += *length;
  }
  return success();
}

static LogicalResult gather(NodeShapes &facts) {
  Sizes data = facts.sizes(0), ids = facts.sizes(1);
  FailureOr<int64_t> axis = facts.axis(facts.node.intAttr("axis", 0), data.size());
  if (failed(axis))
    return failure();
  Sizes result(ArrayRef<AffineExpr>(data).take_front(*axis));
  result.append(ids);
  result.append(data.begin() + *axis + 1, data.end());
  facts.setSizes(0, result);
  std::optional<Sizes> contents = facts.contents(0);
  std::optional<SmallVector<int64_t>> positions = facts.constants(1);
  if (data.size() != 1 || !contents || !positions)
    return success();
  Sizes chosen;
  for (int64_t position : *positions) {
    FailureOr<int64_t> index = facts.axis(position, contents->size());
    if (failed(index))
      return failure();
    chosen.push_back((*contents)[*index]);
  }
  facts.setContents(0, chosen);
  return success();
}

static LogicalResult gatherND(NodeShapes &facts) {
  Sizes data = facts.sizes(0), ids = facts.sizes(1);
  int64_t batch = facts.node.intAttr("batch_dims", 0);
  std::optional<int64_t> depth = ids.empty() ? std::nullopt : facts.algebra().constantValue(ids.back());
  if (!depth || *depth < 1 || batch < 0 || batch + *depth > static_cast<int64_t>(data.size()))
    return facts.fail("expects index tuples of a length between 1 and the rank of the data");
  Sizes result(ArrayRef<AffineExpr>(ids).drop_back());
  result.append(data.begin() + batch + *depth, data.end());
  facts.setSizes(0, result);
  return success();
}

static LogicalResult likeIndices(NodeShapes &facts) {
  facts.setSizes(0, facts.sizes(1));
  return success();
}

static LogicalResult tile(NodeShapes &facts) {
  Sizes sizes = facts.sizes(0);
  std::optional<Sizes> repeats = facts.contents(1);
  if (!repeats || repeats->size() != sizes.size())
    return facts.fail("expects one repeat count for each axis, known at compile time");
  for (auto [size, count] : llvm::zip(sizes, *repeats))
    size = facts.algebra().mul(size, count);
  facts.setSizes(0, sizes);
  return success();
}

ArrayRef<NamedShapeRule> pleat::movementShapeRules() {
  static constexpr NamedShapeRule rules[] = {
      {"Concat", concat},
      {"Expand", expand},
      {"Flatten", flatten},
      {"Gather", gather},
      {"GatherElements", likeIndices},
      {"GatherND", gatherND},
      {"Reshape", reshape},
      {"Slice", slicedSizes},
      {"Split", split},
      {"Squeeze", squeeze},
      {"Tile", tile},
      {"Transpose", transpose},
      {"Unsqueeze", unsqueeze},
  };
  return rules;
}
