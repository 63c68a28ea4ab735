/// Copies a block's input rows with their padding. Rows are written left to right, whole
/// vectors each, so that what runs over is overwritten by what follows.
#include "passes/CPU/EmitConv/ConvProblem.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace pleat;

namespace {

class StripCode {
public:
  StripCode(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block)
      : builder(builder), problem(problem), shape(problem.shape), block(block), lanes(builder.getLanes()),
        stride(shape.strides[1]) {
    window = {problem.scratch, builder.index(0), {}, builder.index(stride * problem.plan.stripColumns),
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
        Value to = builder.add(builder.mul(channel, window.channelStride), builder.mul(row, window.rowStride));
        Value input = plus(firstRow, row);
        Value isInside = builder.compare(arith::CmpIPredicate::ult, input, problem.x.rows);
        builder.ifElse(
            isInside, [&] { copyRow(builder.add(plane, builder.mul(input, problem.x.rowStride)), to); },
            [&] {
              for (int64_t remainder = 0; remainder < stride; ++remainder)
                zeros(builder.add(to, remainder * window.remainderStride), builder.index(0));
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

  /// Zeros from position `from` of a strip row to its end.
  void zeros(Value to, Value from) { zeros(to, from, filled); }
  void zeros(Value to, Value from, Value end) {
    builder.loop(from, end, lanes, [&](Value at) { builder.store(builder.splat(0), problem.scratch, builder.add(to, at)); });
  }

  void copyRow(Value from, Value to) {
    if (stride == 1)
      return copyAdjacent(from, to);
    for (int64_t remainder = 0; remainder < stride; ++remainder)
      copyEvery(from, builder.add(to, remainder * window.remainderStride), remainder);
  }

  /// Zeros, the columns that exist, zeros.
  void copyAdjacent(Value from, Value to) {
    Value begin = atLeastZero(firstInput);
    Value left = minus(begin, firstInput);
    Value end = builder.createOrFold<arith::MinSIOp>(plus(firstInput, filled), problem.x.columns);
    Value count = atLeastZero(minus(end, begin));
    if (shape.padsBefore[1])
      zeros(to, builder.index(0), builder.min(left, filled));
    Value source = builder.add(from, begin), target = builder.add(to, left);
    Value whole = builder.mul(builder.div(count, builder.index(lanes)), lanes);
    builder.loop(builder.index(0), whole, lanes, [&](Value at) {
      builder.store(builder.load(problem.x.memory, builder.add(source, at)), problem.scratch, builder.add(target, at));
    });
    builder.loop(whole, count, lanes, [&](Value at) {
      Value rest = builder.load(problem.x.memory, builder.add(source, at), builder.sub(count, at));
      builder.store(rest, problem.scratch, builder.add(target, at));
    });
    Value copied = builder.mul(builder.ceilDiv(count, builder.index(lanes)), lanes);
    zeros(to, builder.add(left, copied));
  }

  /// Every stride-th column from the one that belongs to `remainder`.
  void copyEvery(Value from, Value to, int64_t remainder) {
    Value span = builder.index((lanes - 1) * stride);
    Value limit = builder.subOrZero(problem.x.columns, span);
    builder.loop(builder.index(0), filled, lanes, [&](Value at) {
      Value first = plus(firstInput, builder.add(builder.mul(at, stride), remainder));
      Value target = builder.add(to, at);
      auto oneByOne = [&] {
        builder.loop(builder.index(0), builder.index(lanes), 1, [&](Value lane) {
          Value column = plus(first, builder.mul(lane, stride));
          Value isInside = builder.compare(arith::CmpIPredicate::ult, column, problem.x.columns);
          Value zero = arith::ConstantOp::create(builder, builder.getF32FloatAttr(0));
          auto inside = [&] { return SmallVector<Value>{builder.loadScalar(problem.x.memory, builder.add(from, column))}; };
          auto outside = [&] { return SmallVector<Value>{zero}; };
          Value value = builder.ifElse(isInside, TypeRange(builder.getF32Type()), inside, outside).front();
          builder.storeScalar(value, problem.scratch, builder.add(target, lane));
        });
      };
      if (stride != 2)
        return oneByOne();
      Value isInside = builder.compare(arith::CmpIPredicate::ult, first, limit);
      builder.ifElse(isInside, [&] { builder.store(everySecond(builder.add(from, first)), problem.scratch, target); },
                     oneByOne);
    });
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
