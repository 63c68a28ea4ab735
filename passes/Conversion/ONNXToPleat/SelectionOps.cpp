// Ops that choose elements: the greatest ones, positions, scattered updates, one-hot rows.
//
// Each result element is computed on its own by a scan of the axis, so that no op needs an
// order between elements. Axes that are chosen from are short where it matters (experts of a
// mixture); a long axis costs its length for each result element.
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"
#include "passes/Conversion/ONNXToPleat/Scan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

static FailureOr<int64_t> axisOf(Lowering &lowering, int64_t fallback, int64_t rank) {
  int64_t given = lowering.node.intAttr("axis", fallback), axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank)
    return LogicalResult(
        lowering.fail("expects an axis within rank " + Twine(rank) + ", but got " + Twine(given)));
  return axis;
}

/// Place of rank `position[axis]` in the order of `x` along `axis`: that many times, the first
/// of what comes after the last one found. Equal elements are ordered by place.
static Value placeOfRank(B &b, Value x, int64_t axis, Value extent, ValueRange position, bool greatestFirst,
                         bool isUnsigned) {
  Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
  Value none = arith::ConstantIndexOp::create(b, -1);
  SmallVector<Value> where(position);
  auto keyAt = [&](B &nested, Value place) {
    where[axis] = place;
    return orderKey(nested, tensor::ExtractOp::create(nested, x, where), greatestFirst, isUnsigned);
  };
  Value rounds = arith::AddIOp::create(b, position[axis], one);
  auto outer = scf::ForOp::create(
      b, zero, rounds, one, ValueRange{none}, [&](OpBuilder &ob, Location loc, Value, ValueRange last) {
        B nested(loc, ob);
        Value isFirst = arith::CmpIOp::create(nested, arith::CmpIPredicate::slt, last[0], zero);
        Value lastKey = keyAt(nested, arith::MaxSIOp::create(nested, last[0], zero));
        auto inner = scf::ForOp::create(
            nested, zero, extent, one, ValueRange{none, lastKey},
            [&](OpBuilder &ib, Location innerLoc, Value place, ValueRange best) {
              B in(innerLoc, ib);
              Value key = keyAt(in, place);
              // Descending keys: "after" is less, or equal at a later place.
              Value below = arith::CmpIOp::create(in, arith::CmpIPredicate::slt, key, lastKey);
              Value tied =
                  arith::AndIOp::create(in, arith::CmpIOp::create(in, arith::CmpIPredicate::eq, key, lastKey),
                                        arith::CmpIOp::create(in, arith::CmpIPredicate::sgt, place, last[0]));
              Value after = arith::OrIOp::create(in, isFirst, arith::OrIOp::create(in, below, tied));
              Value better = arith::OrIOp::create(
                  in, arith::CmpIOp::create(in, arith::CmpIPredicate::slt, best[0], zero),
                  arith::CmpIOp::create(in, arith::CmpIPredicate::sgt, key, best[1]));
              Value take = arith::AndIOp::create(in, after, better);
              scf::YieldOp::create(in, ValueRange{arith::SelectOp::create(in, take, place, best[0]),
                                                  arith::SelectOp::create(in, take, key, best[1])});
            });
        scf::YieldOp::create(nested, inner.getResult(0));
      });
  return arith::MaxSIOp::create(b, outer.getResult(0), zero);
}

/// `x` read at `places` along `axis`.
static Value pick(Lowering &lowering, Value x, Value places, int64_t axis) {
  Sizes sizes = lowering.sizes(places);
  return lowering.elementwise(places, sizes, lowering.elementType(x), [&](B &b, ValueRange in) -> Value {
    SmallVector<Value> where;
    for (int64_t other = 0; other < static_cast<int64_t>(sizes.size()); ++other)
      where.push_back(other == axis ? arith::IndexCastOp::create(b, b.getIndexType(), in[0]).getResult()
                                    : linalg::IndexOp::create(b, other).getResult());
    return tensor::ExtractOp::create(b, x, where);
  });
}

static LogicalResult topK(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  FailureOr<int64_t> axis = axisOf(lowering, -1, lowering.rank(x));
  if (failed(axis))
    return failure();
  bool greatest = node.intAttr("largest", 1), isUnsigned = lowering.isUnsigned(x);
  Value extent = lowering.size(lowering.sizes(x)[*axis]);
  Value places = lowering.generate(
      lowering.resultSizes(1), lowering.getI64Type(), [&](B &b, ValueRange position) -> Value {
        return arith::IndexCastOp::create(b, b.getI64Type(),
                                          placeOfRank(b, x, *axis, extent, position, greatest, isUnsigned));
      });
  if (failed(lowering.give(pick(lowering, x, places, *axis), 0)))
    return failure();
  return lowering.give(places, 1);
}

/// The first or last place of the extreme element.
template <bool greatest>
static LogicalResult argExtreme(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  FailureOr<int64_t> axis = axisOf(lowering, 0, lowering.rank(x));
  if (failed(axis))
    return failure();
  bool last = node.intAttr("select_last_index", 0), isUnsigned = lowering.isUnsigned(x);
  Sizes sizes = lowering.sizes(x), kept = sizes;
  kept[*axis] = lowering.constant(1);
  Value extent = lowering.size(sizes[*axis]);
  Value places = lowering.generate(kept, lowering.getI64Type(), [&](B &b, ValueRange position) -> Value {
    Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
    SmallVector<Value> where(position);
    Value first = orderKey(b, tensor::ExtractOp::create(b, x, where), greatest, isUnsigned);
    auto scan = scf::ForOp::create(
        b, one, extent, one, ValueRange{zero, first},
        [&](OpBuilder &ob, Location loc, Value place, ValueRange best) {
          B in(loc, ob);
          where[*axis] = place;
          Value key = orderKey(in, tensor::ExtractOp::create(in, x, where), greatest, isUnsigned);
          Value take = arith::CmpIOp::create(in, last ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sgt,
                                             key, best[1]);
          scf::YieldOp::create(in, ValueRange{arith::SelectOp::create(in, take, place, best[0]),
                                              arith::SelectOp::create(in, take, key, best[1])});
        });
    return arith::IndexCastOp::create(b, b.getI64Type(), scan.getResult(0));
  });
  return lowering.give(lowering.reshape(places, lowering.resultSizes()));
}

/// What ScatterElements does with an update: replace, or combine with what is there.
static FailureOr<Value (*)(B &, Value, Value)> reductionOf(Lowering &lowering) {
  StringRef kind = lowering.node.stringAttr("reduction", "none");
  bool isFloat = isa<FloatType>(lowering.resultElement());
  using Combine = Value (*)(B &, Value, Value);
  if (kind == "none")
    return Combine([](B &, Value, Value update) { return update; });
  if (kind == "add")
    return isFloat ? Combine([](B &b, Value old, Value update) -> Value {
      return arith::AddFOp::create(b, old, update);
    })
                   : Combine([](B &b, Value old, Value update) -> Value {
                       return arith::AddIOp::create(b, old, update);
                     });
  if (kind == "mul")
    return isFloat ? Combine([](B &b, Value old, Value update) -> Value {
      return arith::MulFOp::create(b, old, update);
    })
                   : Combine([](B &b, Value old, Value update) -> Value {
                       return arith::MulIOp::create(b, old, update);
                     });
  if (isFloat && kind == "max")
    return Combine(
        [](B &b, Value old, Value update) -> Value { return arith::MaximumFOp::create(b, old, update); });
  if (isFloat && kind == "min")
    return Combine(
        [](B &b, Value old, Value update) -> Value { return arith::MinimumFOp::create(b, old, update); });
  return LogicalResult(lowering.fail("unsupported reduction '" + kind +
                                     "' of this type; supported: none, add, mul; max and min of floats"));
}

/// Each element of the result looks for the updates that are meant for it, in order.
static LogicalResult scatterElements(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value data = node.input(0), ids = node.input(1), updates = node.input(2);
  Sizes sizes = lowering.sizes(data), source = lowering.sizes(ids);
  FailureOr<int64_t> axis = axisOf(lowering, 0, sizes.size());
  auto combine = reductionOf(lowering);
  if (failed(axis) || failed(combine))
    return failure();
  Value extent = lowering.size(sizes[*axis]), count = lowering.size(source[*axis]);
  SmallVector<Value> limits;
  for (AffineExpr size : source)
    limits.push_back(lowering.size(size));
  return lowering.give(
      lowering.elementwise(data, sizes, lowering.resultElement(), [&](B &b, ValueRange element) -> Value {
        Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
        SmallVector<Value> position;
        Value inside = arith::ConstantOp::create(b, b.getBoolAttr(true));
        for (size_t other = 0; other < sizes.size(); ++other) {
          position.push_back(linalg::IndexOp::create(b, other));
          // The indices may cover less than the data on the other axes.
          if (static_cast<int64_t>(other) != *axis && sizes[other] != source[other])
            inside = arith::AndIOp::create(
                b, inside,
                arith::CmpIOp::create(b, arith::CmpIPredicate::slt, position.back(), limits[other]));
        }
        Value here = position[*axis], rounds = arith::SelectOp::create(b, inside, count, zero);
        auto scan = scf::ForOp::create(
            b, zero, rounds, one, element[0],
            [&](OpBuilder &ob, Location loc, Value place, ValueRange value) {
              B in(loc, ob);
              SmallVector<Value> where(position);
              where[*axis] = place;
              Value id = arith::IndexCastOp::create(in, in.getIndexType(),
                                                    tensor::ExtractOp::create(in, ids, where));
              Value negative = arith::CmpIOp::create(in, arith::CmpIPredicate::slt, id, zero);
              id = arith::SelectOp::create(in, negative, arith::AddIOp::create(in, id, extent), id);
              Value meant = arith::CmpIOp::create(in, arith::CmpIPredicate::eq, id, here);
              Value updated = (*combine)(in, value[0], tensor::ExtractOp::create(in, updates, where));
              scf::YieldOp::create(in, ValueRange{arith::SelectOp::create(in, meant, updated, value[0])});
            });
        return scan.getResult(0);
      }));
}

static LogicalResult oneHot(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value ids = node.input(0), values = node.input(2);
  Sizes result = lowering.resultSizes();
  FailureOr<int64_t> axis = axisOf(lowering, -1, result.size());
  if (failed(axis))
    return failure();
  Type idType = lowering.elementType(ids);
  if (!isa<IntegerType>(idType))
    return lowering.fail("expects integer indices");
  Value depth = lowering.size(result[*axis]);
  return lowering.give(
      lowering.generate(result, lowering.resultElement(), [&](B &b, ValueRange position) -> Value {
        Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
        SmallVector<Value> where(position);
        where.erase(where.begin() + *axis);
        Value id = arith::IndexCastOp::create(b, b.getIndexType(), tensor::ExtractOp::create(b, ids, where));
        Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, id, zero);
        id = arith::SelectOp::create(b, negative, arith::AddIOp::create(b, id, depth), id);
        Value hot = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, id, position[*axis]);
        Value off = tensor::ExtractOp::create(b, values, ValueRange{zero}),
              on = tensor::ExtractOp::create(b, values, ValueRange{one});
        return arith::SelectOp::create(b, hot, on, off);
      }));
}

/// The sum of what comes before along the axis: each result element adds up its own part.
static LogicalResult cumulativeSum(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  Sizes sizes = lowering.sizes(x);
  std::optional<SmallVector<int64_t>> given = lowering.shapes.constants(node.input(1));
  int64_t rank = sizes.size(), axis = given ? given->front() : rank;
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return lowering.fail("expects an axis known at compile time, within rank " + Twine(rank));
  bool exclusive = node.intAttr("exclusive", 0), reverse = node.intAttr("reverse", 0);
  Value extent = lowering.size(sizes[axis]);
  Type element = lowering.resultElement();
  return lowering.give(lowering.generate(sizes, element, [&](B &b, ValueRange position) -> Value {
    Value zero = arith::ConstantIndexOp::create(b, 0), one = arith::ConstantIndexOp::create(b, 1);
    Value here = position[axis], next = arith::AddIOp::create(b, here, one);
    Value from = reverse ? (exclusive ? next : here) : zero, to = reverse ? extent : exclusive ? here : next;
    Value none = arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(element)));
    auto scan = scf::ForOp::create(
        b, from, to, one, none, [&](OpBuilder &ob, Location loc, Value place, ValueRange sum) {
          B in(loc, ob);
          SmallVector<Value> where(position);
          where[axis] = place;
          Value value = tensor::ExtractOp::create(in, x, where);
          Value more = isa<FloatType>(element) ? arith::AddFOp::create(in, sum[0], value).getResult()
                                               : arith::AddIOp::create(in, sum[0], value).getResult();
          scf::YieldOp::create(in, more);
        });
    return scan.getResult(0);
  }));
}

ArrayRef<SupportedOp> pleat::supportedSelections() {
  static constexpr SupportedOp ops[] = {
      {"ArgMax", 1, newestOpset, argExtreme<true>, "", "axis keepdims select_last_index"},
      {"ArgMin", 1, newestOpset, argExtreme<false>, "", "axis keepdims select_last_index"},
      {"CumSum", 11, newestOpset, cumulativeSum, "a constant axis", "exclusive reverse"},
      {"OneHot", 9, newestOpset, oneHot, "integer indices, a depth computed from sizes", "axis"},
      {"ScatterElements", 11, newestOpset, scatterElements, "max and min of floats", "axis reduction"},
      {"TopK", 10, newestOpset, topK, "sorted whether asked for or not; K computed from sizes",
       "axis k largest sorted"},
  };
  return ops;
}
