// Two ways to have pairs: slices of the last axis, or an axis of size 2 that a Reshape makes
// of it, B x H x S x D/2 x 2 for neighbours and B x H x S x 2 x D/2 for halves.
#include "passes/Conversion/RaiseRotary/Pairs.h"

#include "passes/Utils/NodeMatch.h"

using namespace mlir;
using namespace pleat;

namespace {

/// `source[..., start::step, ...]` along `axis`, `size` elements.
struct Part {
  Value source;
  int64_t axis, start, step, size;
};

} // namespace

static std::optional<int64_t> constantSize(const Sizes &sizes, int64_t axis) {
  auto constant = dyn_cast<AffineConstantExpr>(sizes[axis]);
  return constant ? std::optional(constant.getValue()) : std::nullopt;
}

static std::optional<int64_t> onlyConstant(Value value, const SymbolicShapes &shapes) {
  std::optional<SmallVector<int64_t>> constants = value ? shapes.constants(value) : std::nullopt;
  return constants && constants->size() == 1 ? std::optional(constants->front()) : std::nullopt;
}

static std::optional<Part> slicedPart(onnx::NodeOp slice, const SymbolicShapes &shapes) {
  std::optional<Sizes> from = shapes.sizes(slice.input(0)), to = shapes.sizes(slice.getResult(0));
  std::optional<int64_t> start = onlyConstant(slice.input(1), shapes),
                         axis = onlyConstant(slice.input(3), shapes);
  std::optional<int64_t> step = slice.input(4) ? onlyConstant(slice.input(4), shapes) : 1;
  if (!from || !to || !start || !axis || !step || *step < 1)
    return std::nullopt;
  int64_t position = *axis < 0 ? *axis + int64_t(from->size()) : *axis;
  std::optional<int64_t> whole = constantSize(*from, position), size = constantSize(*to, position);
  if (!whole || !size)
    return std::nullopt;
  return Part{slice.input(0), position, *start < 0 ? *start + *whole : *start, *step, *size};
}

static std::optional<Part> splitPart(onnx::NodeOp split, OpResult result, const SymbolicShapes &shapes) {
  std::optional<Sizes> from = shapes.sizes(split.input(0));
  if (!from)
    return std::nullopt;
  int64_t axis = split.intAttr("axis", 0), start = 0;
  axis = axis < 0 ? axis + from->size() : axis;
  for (OpResult part : split->getResults().take_front(result.getResultNumber() + 1)) {
    std::optional<Sizes> sizes = shapes.sizes(part);
    std::optional<int64_t> size = sizes ? constantSize(*sizes, axis) : std::nullopt;
    if (!size)
      return std::nullopt;
    if (part == result)
      return Part{split.input(0), axis, start, 1, *size};
    start += *size;
  }
  return std::nullopt;
}

/// What `value` takes of another tensor's axis, the axis kept.
static std::optional<Part> partOf(Value value, const SymbolicShapes &shapes) {
  value = behindIdentity(value);
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (node && node.is("Slice"))
    return slicedPart(node, shapes);
  if (node && node.is("Split"))
    return splitPart(node, cast<OpResult>(value), shapes);
  return std::nullopt;
}

Value pleat::withoutUnitAxis(Value value, int64_t axis, const SymbolicShapes &shapes) {
  value = behindIdentity(value);
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || !(node.is("Unsqueeze") || node.is("Reshape")))
    return {};
  std::optional<Sizes> without = shapes.sizes(node.input(0)), with = shapes.sizes(value);
  if (!without || !with || with->size() != without->size() + 1 || axis >= int64_t(with->size()) ||
      constantSize(*with, axis) != 1)
    return {};
  with->erase(with->begin() + axis);
  return *with == *without ? behindIdentity(node.input(0)) : Value();
}

/// What `value` takes of an axis of size 2, that axis gone.
static std::optional<Part> pickedPart(Value value, const SymbolicShapes &shapes) {
  value = behindIdentity(value);
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node)
    return std::nullopt;
  if (node.is("Gather")) {
    std::optional<Sizes> from = shapes.sizes(node.input(0)), indices = shapes.sizes(node.input(1));
    std::optional<int64_t> index = onlyConstant(node.input(1), shapes);
    if (!from || !indices || !indices->empty() || !index)
      return std::nullopt;
    int64_t axis = node.intAttr("axis", 0);
    axis = axis < 0 ? axis + from->size() : axis;
    return Part{node.input(0), axis, *index < 0 ? *index + 2 : *index, 1, 1};
  }
  if (!node.is("Squeeze") && !node.is("Reshape"))
    return std::nullopt;
  std::optional<Part> part = partOf(node.input(0), shapes);
  std::optional<Sizes> with = shapes.sizes(node.input(0)), without = shapes.sizes(value);
  if (!part || part->size != 1 || !with || !without)
    return std::nullopt;
  with->erase(with->begin() + part->axis);
  return *with == *without ? part : std::nullopt;
}

/// The rank-4 tensor whose last axis `pairs` shows as D/2 x 2 or 2 x D/2; null for others.
static Value behindPairing(Value pairs, int64_t pairAxis, const SymbolicShapes &shapes) {
  auto reshape = definedBy(pairs, "Reshape");
  std::optional<Sizes> to = shapes.sizes(pairs),
                       from = reshape ? shapes.sizes(reshape.input(0)) : std::nullopt;
  if (!to || !from || from->size() != 4 || to->size() != 5 || pairAxis < 3 ||
      constantSize(*to, pairAxis) != 2)
    return {};
  std::optional<int64_t> half = constantSize(*to, 7 - pairAxis), whole = constantSize(*from, 3);
  bool same =
      half && whole && *whole == 2 * *half && std::equal(from->begin(), from->begin() + 3, to->begin());
  return same ? behindIdentity(reshape.input(0)) : Value();
}

std::optional<Side> pleat::sideOf(Value value, const SymbolicShapes &shapes) {
  if (std::optional<Part> part = partOf(value, shapes); part && part->axis == 3) {
    std::optional<Sizes> sizes = shapes.sizes(part->source);
    std::optional<int64_t> whole = sizes->size() == 4 ? constantSize(*sizes, 3) : std::nullopt;
    if (!whole || *whole != 2 * part->size)
      return std::nullopt;
    bool interleaved = part->step == 2 && part->size > 1;
    int64_t second = interleaved ? 1 : part->size;
    if ((part->step != 1 && !interleaved) || (part->start != 0 && part->start != second))
      return std::nullopt;
    return Side{behindIdentity(part->source), interleaved, part->start != 0};
  }
  std::optional<Part> part = pickedPart(value, shapes);
  Value x = part ? behindPairing(part->source, part->axis, shapes) : Value();
  if (!x)
    return std::nullopt;
  return Side{x, part->axis == 4, part->start != 0};
}

std::optional<JoinedPairs> pleat::joinedPairs(Value value, const SymbolicShapes &shapes) {
  value = behindIdentity(value);
  std::optional<Sizes> sizes = shapes.sizes(value);
  if (!sizes || sizes->size() != 4)
    return std::nullopt;
  auto reshape = definedBy(value, "Reshape");
  auto concat = definedBy(reshape ? reshape.input(0) : value, "Concat");
  if (!concat || concat.getInputs().size() != 2)
    return std::nullopt;
  std::optional<Sizes> joined = shapes.sizes(concat.getResult(0));
  if (!joined)
    return std::nullopt;
  int64_t axis = concat.intAttr("axis", 0);
  axis = axis < 0 ? axis + joined->size() : axis;
  if (!reshape)
    return axis == 3 ? std::optional(JoinedPairs{concat.input(0), concat.input(1), false}) : std::nullopt;
  // The same whole axis before and behind, for the other axes follow in order.
  std::optional<int64_t> whole = constantSize(*sizes, 3);
  bool isPairing = joined->size() == 5 && axis >= 3 && whole && constantSize(*joined, axis) == 2 &&
                   constantSize(*joined, 7 - axis) == *whole / 2 &&
                   std::equal(joined->begin(), joined->begin() + 3, sizes->begin());
  if (!isPairing)
    return std::nullopt;
  Value first = withoutUnitAxis(concat.input(0), axis, shapes),
        second = withoutUnitAxis(concat.input(1), axis, shapes);
  if (!first || !second)
    return std::nullopt;
  return JoinedPairs{first, second, axis == 4};
}
