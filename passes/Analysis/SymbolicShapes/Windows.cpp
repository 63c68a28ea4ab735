// Resolves slices, sliding windows and reduced axes to plain numbers and sizes.
#include "passes/Analysis/SymbolicShapes/Windows.h"

using namespace mlir;
using namespace pleat;

/// ONNX writes "to the end" as any number at least this large.
static constexpr int64_t openEnd = std::numeric_limits<int32_t>::max();

/// A bound counted from the front, not yet clamped; null when its sign depends on the run.
static AffineExpr fromFront(SizeAlgebra &algebra, AffineExpr bound, AffineExpr size) {
  std::optional<int64_t> value = algebra.constantValue(bound);
  if (value && *value >= openEnd)
    return size;
  if (algebra.lowerBound(bound).value_or(-1) >= 0)
    return bound;
  bool negative = algebra.provablyAtMost(bound, algebra.constant(-1));
  return negative ? algebra.add(bound, size) : AffineExpr();
}

FailureOr<SliceAxes> pleat::resolveSlice(NodeShapes &facts) {
  SizeAlgebra &algebra = facts.algebra();
  SliceAxes result;
  result.sizes = facts.sizes(0);
  int64_t rank = result.sizes.size();
  result.offsets.assign(rank, facts.constant(0));
  result.steps.assign(rank, 1);

  auto bounds = [&](StringRef name, unsigned index) -> std::optional<Sizes> {
    if (std::optional<SmallVector<int64_t>> values = facts.node.intsAttr(name))
      return llvm::map_to_vector(*values, [&](int64_t value) { return facts.constant(value); });
    return facts.contents(index);
  };
  std::optional<Sizes> starts = bounds("starts", 1), ends = bounds("ends", 2);
  FailureOr<std::optional<SmallVector<int64_t>>> axes = facts.intsFrom("axes", 3),
                                                 steps = facts.intsFrom("steps", 4);
  if (!starts || !ends || failed(axes) || failed(steps))
    return LogicalResult(facts.fail("expects bounds known at compile time"));
  size_t count = starts->size();
  if (ends->size() != count || (*axes && (*axes)->size() != count) || (*steps && (*steps)->size() != count))
    return LogicalResult(facts.fail("expects starts, ends, axes and steps of one length"));

  for (size_t index = 0; index < count; ++index) {
    FailureOr<int64_t> axis = facts.axis(*axes ? (**axes)[index] : index, rank);
    int64_t step = *steps ? (**steps)[index] : 1;
    if (failed(axis))
      return failure();
    AffineExpr size = result.sizes[*axis], zero = facts.constant(0);
    AffineExpr start = fromFront(algebra, (*starts)[index], size),
               end = fromFront(algebra, (*ends)[index], size);
    if (!start || !end || step == 0)
      return LogicalResult(facts.fail("expects bounds of known sign and a step other than 0"));
    if (step > 0) {
      // "The last n" is n elements; a shorter axis is refused at run time.
      if (algebra.constantValue((*starts)[index]).value_or(0) < 0)
        algebra.requireAtLeast(start, 0);
      // So is an empty axis where "the first" is taken.
      if (algebra.constantValue((*ends)[index]) == 1 && start == zero)
        algebra.requireAtLeast(size, 1);
      start = algebra.max(start, zero);
      if (algebra.constantValue(start) && algebra.constantValue(size))
        start = algebra.min(start, size);
      AffineExpr length = algebra.max(algebra.sub(algebra.min(end, size), start), zero);
      result.sizes[*axis] = algebra.ceilDiv(length, facts.constant(step));
    } else {
      // An end at or before -size - 1 means "through the first element".
      bool through = algebra.constantValue((*ends)[index]).value_or(0) < -openEnd;
      AffineExpr last = algebra.sub(size, facts.constant(1)),
                 stop = through ? facts.constant(-1) : algebra.max(end, facts.constant(-1));
      start = algebra.min(start, last);
      AffineExpr length = algebra.max(algebra.sub(start, stop), zero);
      result.sizes[*axis] = algebra.ceilDiv(length, facts.constant(-step));
    }
    result.offsets[*axis] = start;
    result.steps[*axis] = step;
  }
  return result;
}

LogicalResult pleat::slicedSizes(NodeShapes &facts) {
  FailureOr<SliceAxes> slice = resolveSlice(facts);
  if (failed(slice))
    return failure();
  facts.setSizes(0, slice->sizes);
  std::optional<Sizes> contents = facts.contents(0);
  if (!contents || slice->sizes.size() != 1)
    return success();
  std::optional<int64_t> offset = facts.algebra().constantValue(slice->offsets[0]);
  std::optional<int64_t> size = facts.algebra().constantValue(slice->sizes[0]);
  if (!offset || !size)
    return success();
  Sizes chosen;
  for (int64_t index = 0; index < *size; ++index)
    chosen.push_back((*contents)[*offset + index * slice->steps[0]]);
  facts.setContents(0, chosen);
  return success();
}

/// An attribute with one entry for each spatial axis, or `fallback` everywhere.
static FailureOr<SmallVector<int64_t>> perAxis(NodeShapes &facts, StringRef name, size_t count,
                                               int64_t fallback) {
  SmallVector<int64_t> values = facts.node.intsAttr(name).value_or(SmallVector<int64_t>(count, fallback));
  if (values.size() != count)
    return LogicalResult(facts.fail("expects '" + name + "' to have " + Twine(count) + " entries, but got " +
                                    Twine(values.size())));
  return values;
}

FailureOr<Window> pleat::resolveWindow(NodeShapes &facts, ArrayRef<int64_t> kernel,
                                       ArrayRef<AffineExpr> spatial) {
  size_t rank = spatial.size();
  FailureOr<SmallVector<int64_t>> strides = perAxis(facts, "strides", rank, 1);
  FailureOr<SmallVector<int64_t>> dilations = perAxis(facts, "dilations", rank, 1);
  FailureOr<SmallVector<int64_t>> pads = perAxis(facts, "pads", 2 * rank, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return failure();
  if (kernel.size() != rank)
    return LogicalResult(facts.fail("expects one kernel size for each spatial axis"));
  for (auto [k, s, d] : llvm::zip(kernel, *strides, *dilations))
    if (k < 1 || s < 1 || d < 1)
      return LogicalResult(facts.fail("expects positive kernel sizes, strides and dilations"));
  Window window{SmallVector<int64_t>(kernel), *strides, *dilations, *pads, {}};
  SizeAlgebra &algebra = facts.algebra();
  StringRef autoPad = facts.node.stringAttr("auto_pad", "NOTSET");
  bool ceil = facts.node.intAttr("ceil_mode", 0) != 0;
  if (autoPad == "VALID")
    llvm::fill(window.pads, 0);
  for (size_t axis = 0; axis < rank; ++axis) {
    int64_t extent = (kernel[axis] - 1) * window.dilations[axis] + 1, stride = window.strides[axis];
    AffineExpr size = spatial[axis];
    if (autoPad.starts_with("SAME")) {
      AffineExpr outputs = algebra.ceilDiv(size, facts.constant(stride));
      std::optional<int64_t> known = algebra.constantValue(size);
      if (!known && stride != 1)
        return LogicalResult(facts.fail("expects a static size for auto_pad " + autoPad + " with a stride"));
      int64_t total =
          known ? std::max<int64_t>(0, (llvm::divideCeil(*known, stride) - 1) * stride + extent - *known)
                : extent - 1;
      int64_t less = total / 2, more = total - less;
      window.pads[axis] = autoPad == "SAME_UPPER" ? less : more;
      window.pads[rank + axis] = autoPad == "SAME_UPPER" ? more : less;
      window.outputs.push_back(outputs);
      continue;
    }
    int64_t begin = window.pads[axis], end = window.pads[rank + axis];
    if (begin < 0 || end < 0)
      return LogicalResult(facts.fail("expects pads of at least 0"));
    AffineExpr room = algebra.add(size, facts.constant(begin + end - extent)), step = facts.constant(stride);
    std::optional<int64_t> known = algebra.constantValue(room);
    if (known && *known < 0)
      return LogicalResult(facts.fail("expects an input at least as large as the window"));
    if (!known && !algebra.requireAtLeast(room, 0))
      return LogicalResult(facts.fail("expects a size that the window is known to fit into"));
    AffineExpr outputs =
        algebra.add(ceil ? algebra.ceilDiv(room, step) : algebra.floorDiv(room, step), facts.constant(1));
    // With ceil_mode a last window that would start in the end padding does not count.
    std::optional<int64_t> count = algebra.constantValue(outputs), length = algebra.constantValue(size);
    if (ceil && count && length && (*count - 1) * stride >= *length + begin)
      outputs = facts.constant(*count - 1);
    window.outputs.push_back(outputs);
  }
  return window;
}

FailureOr<SmallVector<int64_t>> pleat::resolveReducedAxes(NodeShapes &facts) {
  FailureOr<std::optional<SmallVector<int64_t>>> given = facts.intsFrom("axes", 1);
  if (failed(given))
    return failure();
  int64_t rank = facts.rank(0);
  if (!*given || (*given)->empty()) {
    if (facts.node.intAttr("noop_with_empty_axes", 0))
      return SmallVector<int64_t>();
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  SmallVector<int64_t> axes;
  for (int64_t axis : **given) {
    FailureOr<int64_t> position = facts.axis(axis, rank);
    if (failed(position))
      return failure();
    axes.push_back(*position);
  }
  llvm::sort(axes);
  axes.erase(llvm::unique(axes), axes.end());
  return axes;
}
