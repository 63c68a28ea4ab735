/// Copies a block's input rows with their padding. Rows are written left to right, whole
/// vectors each, so that what runs over is overwritten by what follows.
#include "passes/CPU/EmitConv/ConvProblem.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace pleat;

namespace {

class StripCode {
public:
  StripCode(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block)
      : builder(builder), problem(problem), shape(problem.shape), block(block), lanes(builder.getLanes()),
        stride(shape.strides[1]) {
    window = {
        problem.scratch,           builder.index(0), {}, builder.index(stride * problem.plan.stripColumns),
        problem.plan.stripColumns, /*isExact=*/false};
    window.channelStride = builder.mul(window.rowStride, problem.plan.stripRows);
    firstInput = minus(builder.mul(block.firstColumn, stride), builder.index(shape.padsBefore[1]));
    filled = builder.add(block.columns, shape.reach(1) / stride);
  }

  ConvWindow emit() {
    Value lastRow = builder.mul(builder.sub(block.rows, builder.index(1)), shape.strides[0]);
    Value rows = builder.add(lastRow, shape.reach(0) + 1);
    Value firstRow = minus(builder.mul(block.firstRow, shape.strides[0]), builder.index(shape.padsBefore[0]));
    Value x = builder.add(problem.x.offset, builder.mul(block.image, problem.x.imageStride));
    Value firstChannel = builder.mul(block.group, shape.inputs);
    builder.loop(builder.index(0), builder.index(shape.inputs), 1, [&](Value channel) {
      Value plane = builder.add(x, builder.mul(builder.add(firstChannel, channel), problem.x.channelStride));
      builder.loop(builder.index(0), rows, 1, [&](Value row) {
        Value to =
            builder.add(builder.mul(channel, window.channelStride), builder.mul(row, window.rowStride));
        Value input = plus(firstRow, row);
        Value isInside = builder.compare(arith::CmpIPredicate::ult, input, problem.x.rows);
        builder.ifElse(
            isInside, [&] { copyRow(builder.add(plane, builder.mul(input, problem.x.rowStride)), to); },
            [&] {
              for (int64_t remainder = 0; remainder < stride; ++remainder)
                pads(builder.add(to, remainder * window.remainderStride), builder.index(0));
            });
      });
    });
    return window;
  }

private:
  // Positions may lie before the input's first row and column.
  Value plus(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(a, b); }
  Value minus(Value a, Value b) { return builder.createOrFold<arith::SubIOp>(a, b); }
  Value atLeastZero(Value value) { return builder.createOrFold<arith::MaxSIOp>(value, builder.index(0)); }

  /// Padding from position `from` of a strip row to its end.
  void pads(Value to, Value from) { pads(to, from, filled); }
  void pads(Value to, Value from, Value end) {
    builder.loop(from, end, lanes, [&](Value at) {
      builder.store(builder.splat(problem.start()), problem.scratch, builder.add(to, at));
    });
  }

  void copyRow(Value from, Value to) {
    if (stride == 1)
      return copyAdjacent(from, to);
    for (int64_t remainder = 0; remainder < stride; ++remainder)
      copyEvery(from, builder.add(to, remainder * window.remainderStride), remainder);
  }

  /// Padding, the columns that exist, padding.
  void copyAdjacent(Value from, Value to) {
    Value begin = atLeastZero(firstInput);
    Value left = minus(begin, firstInput);
    Value end = builder.createOrFold<arith::MinSIOp>(plus(firstInput, filled), problem.x.columns);
    Value count = atLeastZero(minus(end, begin));
    if (shape.padsBefore[1])
      pads(to, builder.index(0), builder.min(left, filled));
    Value source = builder.add(from, begin), target = builder.add(to, left);
    Value whole = builder.mul(builder.div(count, builder.index(lanes)), lanes);
    builder.loop(builder.index(0), whole, lanes, [&](Value at) {
      builder.store(builder.load(problem.x.memory, builder.add(source, at)), problem.scratch,
                    builder.add(target, at));
    });
    builder.loop(whole, count, lanes, [&](Value at) {
      Value rest = builder.load(problem.x.memory, builder.add(source, at), builder.sub(count, at));
      builder.store(rest, problem.scratch, builder.add(target, at));
    });
    pads(to, builder.add(left, count)); // over what the last copy left behind its columns
  }

  /// Every stride-th column from the one that belongs to `remainder`. The last vector is
  /// moved back to end with the row, where there is room.
  void copyEvery(Value from, Value to, int64_t remainder) {
    std::optional<int64_t> positions = getConstantIntValue(filled);
    Value whole = filled;
    if (positions)
      whole = builder.index(*positions / lanes * lanes);
    builder.loop(builder.index(0), whole, lanes,
                 [&](Value at) { copyPicked(from, to, at, remainder, lanes); });
    if (positions && *positions % lanes) {
      int64_t at = std::max<int64_t>(*positions - lanes, 0);
      copyPicked(from, to, builder.index(at), remainder, std::min(*positions, lanes));
    }
  }

  /// `count` positions from `at` on.
  void copyPicked(Value from, Value to, Value at, int64_t remainder, int64_t count) {
    Value first = plus(firstInput, builder.add(builder.mul(at, stride), remainder)),
          target = builder.add(to, at);
    Value limit = builder.subOrZero(problem.x.columns, builder.index((count - 1) * stride));
    Value isInside = builder.compare(arith::CmpIPredicate::ult, first, limit);
    builder.ifElse(
        isInside,
        [&] {
          Value source = builder.add(from, first);
          Value picked = stride == 2 && count == lanes ? everySecond(source) : oneByOne(source, count);
          builder.store(picked, problem.scratch, target);
        },
        [&] { copyChecked(from, first, target, count); });
  }

  void copyChecked(Value from, Value first, Value target, int64_t count) {
    builder.loop(builder.index(0), builder.index(count), 1, [&](Value lane) {
      Value column = plus(first, builder.mul(lane, stride));
      Value isInside = builder.compare(arith::CmpIPredicate::ult, column, problem.x.columns);
      auto inside = [&] {
        return SmallVector<Value>{builder.loadScalar(problem.x.memory, builder.add(from, column))};
      };
      auto outside = [&] { return SmallVector<Value>{padding()}; };
      Value value = builder.ifElse(isInside, TypeRange(builder.getF32Type()), inside, outside).front();
      builder.storeScalar(value, problem.scratch, builder.add(target, lane));
    });
  }

  Value padding() { return arith::ConstantOp::create(builder, builder.getF32FloatAttr(problem.start())); }

  /// A vector of `count` elements that lie `stride` apart from `offset` on.
  Value oneByOne(Value offset, int64_t count) {
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < lanes; ++lane)
      elements.push_back(lane < count
                             ? builder.loadScalar(problem.x.memory, builder.add(offset, lane * stride))
                             : padding());
    return vector::FromElementsOp::create(builder, builder.vectorType(), elements);
  }

  /// The elements 0, 2, 4, ... from `offset`; nothing behind the last is read.
  Value everySecond(Value offset) {
    Value low = builder.load(problem.x.memory, offset);
    Value high = builder.load(problem.x.memory, builder.add(offset, lanes - 1));
    SmallVector<int64_t> picks;
    for (int64_t lane = 0; lane < lanes; ++lane)
      picks.push_back(lane < lanes / 2 ? 2 * lane : 2 * lane + 1);
    return vector::ShuffleOp::create(builder, low, high, picks);
  }

  KernelBuilder &builder;
  const ConvProblem &problem;
  const ConvShape &shape;
  const ConvBlock &block;
  int64_t lanes, stride;
  ConvWindow window;
  Value firstInput; ///< column of x at the strip's first position; may be negative
  Value filled;     ///< positions of a strip row that are read
};

} // namespace

ConvWindow pleat::copyToStrip(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block) {
  return StripCode(builder, problem, block).emit();
}

ConvWindow pleat::windowInPlace(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block) {
  const ConvTensor &x = problem.x;
  Value origin = builder.add(x.offset, builder.mul(block.image, x.imageStride));
  Value channel = builder.mul(block.group, problem.shape.inputs);
  origin = builder.add(origin, builder.mul(channel, x.channelStride));
  Value row = builder.mul(block.firstRow, problem.shape.strides[0]);
  origin = builder.add(origin, builder.add(builder.mul(row, x.rowStride), block.firstColumn));
  return {x.memory, origin, x.channelStride, x.rowStride, /*remainderStride=*/0, /*isExact=*/true};
}
