// Ops that pick elements by position: slices, splits, gathers.
#include "passes/Analysis/SymbolicShapes/Rules.h"
#include "passes/Analysis/SymbolicShapes/Windows.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

static LogicalResult slice(Lowering &lowering) {
  NodeShapes facts(lowering.shapes, lowering.node);
  FailureOr<SliceAxes> axes = resolveSlice(facts);
  if (failed(axes))
    return lowering.fail(facts.reason);
  Value x = lowering.node.input(0);
  if (llvm::all_of(axes->steps, [](int64_t step) { return step > 0; }))
    return lowering.give(lowering.slice(x, axes->offsets, axes->sizes, axes->steps));
  // A slice of MLIR runs forwards only.
  SmallVector<Value> offsets, steps;
  for (auto [offset, step] : llvm::zip(axes->offsets, axes->steps)) {
    offsets.push_back(lowering.size(offset));
    steps.push_back(lowering.size(lowering.constant(step)));
  }
  return lowering.give(
      lowering.generate(axes->sizes, lowering.resultElement(), [&](B &b, ValueRange position) -> Value {
        SmallVector<Value> source;
        for (auto [index, offset, step] : llvm::zip(position, offsets, steps))
          source.push_back(arith::AddIOp::create(b, offset, arith::MulIOp::create(b, index, step)));
        return tensor::ExtractOp::create(b, x, source);
      }));
}

static LogicalResult split(Lowering &lowering) {
  Value x = lowering.node.input(0);
  int64_t rank = lowering.rank(x), axis = lowering.node.intAttr("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  Sizes offsets(rank, lowering.constant(0));
  for (unsigned index = 0; index < lowering.node.getNumResults(); ++index) {
    Sizes part = lowering.resultSizes(index);
    if (failed(lowering.give(lowering.slice(x, offsets, part, SmallVector<int64_t>(rank, 1)), index)))
      return failure();
    offsets[axis] = lowering.algebra().add(offsets[axis], part[axis]);
  }
  return success();
}

/// An index from data, brought into 0 .. size - 1: negative ones count from the end, and one
/// out of range reads the nearest element.
static Value clampedIndex(B &b, Value id, Value size) {
  Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
  Value index = arith::IndexCastOp::create(b, b.getIndexType(), id);
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, zero);
  index = arith::SelectOp::create(b, negative, arith::AddIOp::create(b, index, size), index);
  Value last = arith::SubIOp::create(b, size, one);
  return arith::MaxSIOp::create(b, zero, arith::MinSIOp::create(b, index, last));
}

/// What `present` reads, or zero where the axis that `where` was clamped to has no elements and
/// there is nothing to read.
static Value unlessEmpty(Lowering &lowering, B &b, ArrayRef<AffineExpr> axes, ArrayRef<Value> extents,
                         Type element, llvm::function_ref<Value(B &)> present) {
  Value filled;
  for (auto [axis, extent] : llvm::zip(axes, extents)) {
    if (lowering.algebra().provablyAtMost(lowering.constant(1), axis))
      continue;
    Value some =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, extent, arith::ConstantIndexOp::create(b, 0));
    filled = filled ? arith::AndIOp::create(b, filled, some).getResult() : some;
  }
  if (!filled)
    return present(b);
  auto choice = scf::IfOp::create(
      b, filled,
      [&](OpBuilder &nested, Location loc) {
        B inner(loc, nested);
        scf::YieldOp::create(inner, present(inner));
      },
      [&](OpBuilder &nested, Location loc) {
        B inner(loc, nested);
        Value zero = arith::ConstantOp::create(inner, cast<TypedAttr>(inner.getZeroAttr(element)));
        scf::YieldOp::create(inner, zero);
      });
  return choice.getResult(0);
}

/// A constant scalar index is a slice without its axis.
static Value gatherOne(Lowering &lowering, Value data, int64_t axis, int64_t index) {
  Sizes from = lowering.sizes(data), part = from;
  Sizes offsets(from.size(), lowering.constant(0));
  AffineExpr position = lowering.constant(index);
  if (index < 0)
    position = lowering.algebra().add(from[axis], position);
  offsets[axis] = position;
  part[axis] = lowering.constant(1);
  Value kept = lowering.slice(data, offsets, part, SmallVector<int64_t>(from.size(), 1));
  return lowering.reshape(kept, lowering.resultSizes());
}

static LogicalResult gather(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value data = node.input(0), ids = node.input(1);
  Sizes from = lowering.sizes(data);
  int64_t rank = from.size(), idRank = lowering.rank(ids), axis = node.intAttr("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  std::optional<SmallVector<int64_t>> fixed = lowering.shapes.constants(ids);
  if (fixed && idRank == 0) {
    // A run whose axis is too short for the index is refused.
    int64_t index = fixed->front();
    NodeShapes facts(lowering.shapes, node);
    if (index > -(int64_t(1) << 62) && index < int64_t(1) << 62 &&
        succeeded(facts.requireAtLeast(from[axis], index < 0 ? -index : index + 1)))
      return lowering.give(gatherOne(lowering, data, axis, index));
    return lowering.fail("expects an index within size " + lowering.algebra().print(from[axis]) +
                         ", but got " + Twine(index));
  }
  Type idType = lowering.elementType(ids);
  if (axis == 0 && Lowering::isWeight(data) && (idType.isInteger(32) || idType.isInteger(64))) {
    Sizes sizes = lowering.resultSizes();
    return lowering.give(
        GatherOp::create(lowering, lowering.tensorType(sizes, lowering.resultElement()), data, ids));
  }
  Value extent = lowering.size(from[axis]);
  return lowering.give(lowering.generate(
      lowering.resultSizes(), lowering.resultElement(), [&](B &b, ValueRange position) -> Value {
        SmallVector<Value> where(position.take_front(axis));
        Value id = tensor::ExtractOp::create(b, ids, position.slice(axis, idRank));
        where.push_back(clampedIndex(b, id, extent));
        llvm::append_range(where, position.drop_front(axis + idRank));
        return unlessEmpty(lowering, b, from[axis], extent, lowering.resultElement(),
                           [&](B &inner) -> Value { return tensor::ExtractOp::create(inner, data, where); });
      }));
}

static LogicalResult gatherElements(Lowering &lowering) {
  Value data = lowering.node.input(0), ids = lowering.node.input(1);
  int64_t rank = lowering.rank(data), axis = lowering.node.intAttr("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  AffineExpr size = lowering.sizes(data)[axis];
  Value extent = lowering.size(size);
  return lowering.give(lowering.elementwise(
      ids, lowering.resultSizes(), lowering.resultElement(), [&](B &b, ValueRange in) -> Value {
        SmallVector<Value> where;
        for (int64_t other = 0; other < rank; ++other)
          where.push_back(other == axis ? clampedIndex(b, in[0], extent)
                                        : linalg::IndexOp::create(b, other).getResult());
        return unlessEmpty(lowering, b, size, extent, lowering.resultElement(),
                           [&](B &inner) -> Value { return tensor::ExtractOp::create(inner, data, where); });
      }));
}

static LogicalResult gatherND(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value data = node.input(0), ids = node.input(1);
  Sizes from = lowering.sizes(data), tuple = lowering.sizes(ids);
  int64_t batch = node.intAttr("batch_dims", 0), depth = *lowering.constantSize(tuple.back());
  int64_t outer = tuple.size() - 1;
  SmallVector<Value> extents;
  for (int64_t axis = 0; axis < depth; ++axis)
    extents.push_back(lowering.size(from[batch + axis]));
  return lowering.give(lowering.generate(
      lowering.resultSizes(), lowering.resultElement(), [&](B &b, ValueRange position) -> Value {
        SmallVector<Value> where(position.take_front(batch)), entry(position.take_front(outer));
        entry.push_back({});
        for (int64_t axis = 0; axis < depth; ++axis) {
          entry.back() = arith::ConstantIndexOp::create(b, axis);
          where.push_back(clampedIndex(b, tensor::ExtractOp::create(b, ids, entry), extents[axis]));
        }
        llvm::append_range(where, position.drop_front(outer));
        return unlessEmpty(lowering, b, ArrayRef<AffineExpr>(from).slice(batch, depth), extents,
                           lowering.resultElement(),
                           [&](B &inner) -> Value { return tensor::ExtractOp::create(inner, data, where); });
      }));
}

/// Pads before each axis, in order; negative ones crop.
static std::optional<Sizes> padsBefore(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  Sizes before(lowering.rank(x), lowering.constant(0));
  std::optional<Sizes> pads;
  if (std::optional<SmallVector<int64_t>> fixed = node.intsAttr("pads"))
    pads = llvm::map_to_vector(*fixed, [&](int64_t pad) { return lowering.constant(pad); });
  else if (node.input(1))
    pads = lowering.shapes.contents(node.input(1));
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, before.size()));
  if (node.input(3))
    axes = lowering.shapes.constants(node.input(3)).value_or(SmallVector<int64_t>());
  if (!pads || pads->size() != 2 * axes.size())
    return std::nullopt;
  for (auto [axis, pad] : llvm::zip(axes, *pads))
    before[axis < 0 ? axis + before.size() : axis] = pad;
  return before;
}

/// Where a position outside 0 .. size - 1 reads: the nearest element, or mirrored at the ends.
static Value sourceOf(B &b, StringRef mode, Value index, Value size) {
  Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
  Value last = arith::SubIOp::create(b, size, one);
  if (mode == "wrap") {
    Value rest = arith::RemSIOp::create(b, index, arith::MaxSIOp::create(b, size, one));
    Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero);
    return arith::SelectOp::create(b, negative, arith::AddIOp::create(b, rest, size), rest);
  }
  if (mode == "reflect") {
    // One fold at each end: pads are smaller than the axis.
    Value before = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, zero);
    index = arith::SelectOp::create(b, before, arith::SubIOp::create(b, zero, index), index);
    Value after = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, index, last);
    Value twice = arith::AddIOp::create(b, last, last);
    index = arith::SelectOp::create(b, after, arith::SubIOp::create(b, twice, index), index);
  }
  return arith::MaxSIOp::create(b, zero, arith::MinSIOp::create(b, index, last));
}

static LogicalResult pad(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0), filler = node.input(2);
  StringRef mode = node.stringAttr("mode", "constant");
  std::optional<Sizes> before = padsBefore(lowering);
  if (!before)
    return lowering.fail("expects two pads for each axis, known at compile time");
  Sizes from = lowering.sizes(x), to = lowering.resultSizes();
  Type element = lowering.resultElement();
  TypedAttr fill = filler ? lowering.splat(filler) : TypedAttr();
  if (!filler)
    fill = isa<FloatType>(element) ? TypedAttr(lowering.getFloatAttr(element, node.floatAttr("value", 0)))
                                   : cast<TypedAttr>(lowering.getZeroAttr(element));
  NodeShapes facts(lowering.shapes, node);
  SmallVector<Value> offsets, extents;
  for (auto [offset, size, padded] : llvm::zip(*before, from, to)) {
    if (mode != "constant" && size != padded && failed(facts.requireAtLeast(size, 1)))
      return lowering.fail(facts.reason);
    offsets.push_back(lowering.size(offset));
    extents.push_back(lowering.size(size));
  }
  return lowering.give(lowering.generate(to, element, [&](B &b, ValueRange position) -> Value {
    SmallVector<Value> where, padded;
    Sizes paddedSizes;
    Value inside = arith::ConstantOp::create(b, b.getBoolAttr(true)),
          zero = arith::ConstantIndexOp::create(b, 0);
    for (size_t axis = 0; axis < from.size(); ++axis) {
      if (from[axis] == to[axis] && lowering.constantSize((*before)[axis]) == 0) {
        where.push_back(position[axis]);
        continue;
      }
      Value index = arith::SubIOp::create(b, position[axis], offsets[axis]);
      inside =
          arith::AndIOp::create(b, inside, arith::CmpIOp::create(b, arith::CmpIPredicate::sge, index, zero));
      inside = arith::AndIOp::create(
          b, inside, arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, extents[axis]));
      where.push_back(sourceOf(b, mode, index, extents[axis]));
      padded.push_back(extents[axis]);
      paddedSizes.push_back(from[axis]);
    }
    Value value = unlessEmpty(lowering, b, paddedSizes, padded, element,
                              [&](B &inner) -> Value { return tensor::ExtractOp::create(inner, x, where); });
    if (mode != "constant")
      return value;
    Value outside =
        fill ? arith::ConstantOp::create(b, fill).getResult()
             : tensor::ExtractOp::create(b, filler, SmallVector<Value>(lowering.rank(filler), zero))
                   .getResult();
    return arith::SelectOp::create(b, inside, value, outside);
  }));
}

ArrayRef<SupportedOp> pleat::supportedSliceOps() {
  static constexpr SupportedOp ops[] = {
      {"Gather", 1, newestOpset, gather, "an index out of range reads the nearest element", "axis"},
      {"GatherElements", 11, newestOpset, gatherElements, "an index out of range reads the nearest element",
       "axis"},
      {"GatherND", 11, newestOpset, gatherND, "an index out of range reads the nearest element",
       "batch_dims"},
      {"Pad", 2, newestOpset, pad, "pads computed from sizes", "mode pads value"},
      {"Slice", 1, newestOpset, slice, "bounds computed from sizes, constant axes and steps",
       "starts ends axes"},
      {"Split", 2, newestOpset, split, "constant lengths", "axis split num_outputs"},
  };
  return ops;
}
