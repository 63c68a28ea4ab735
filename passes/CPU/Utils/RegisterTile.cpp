/// One step multiplies every row's element of A with every column vector of B; steps are
/// unrolled by four, with a rolled loop for the rest.
#include "passes/CPU/Utils/RegisterTile.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace pleat;

// Up to here all steps stand in a row: a loop of one or two passes costs more than its
// code saves, and the backend then keeps fewer values in registers.
static constexpr int64_t kStraightSteps = 16;

/// The operands of the longer side are used once each, right after their load, so that only
/// the shorter side's are held in registers.
static void emitStep(KernelBuilder &builder, const TileOperands &operands, Value k,
                     MutableArrayRef<Value> sums) {
  Value aOffset = builder.mul(k, operands.aStep), bOffset = builder.mul(k, operands.bStep);
  size_t rows = operands.rowOffsets.size(), columns = operands.columnOffsets.size();
  auto loadRow = [&](size_t row) {
    return builder.broadcast(builder.loadScalar(operands.a, builder.add(operands.rowOffsets[row], aOffset)));
  };
  auto loadColumn = [&](size_t column) {
    int64_t count = column + 1 == columns ? operands.lastCount : builder.getLanes();
    return builder.load(operands.b, builder.add(operands.columnOffsets[column], bOffset), count);
  };
  auto multiply = [&](size_t row, size_t column, Value rowValue, Value columnValue) {
    Value &sum = sums[row * columns + column];
    sum = builder.fma(rowValue, columnValue, sum);
  };
  if (rows < columns) {
    SmallVector<Value> held;
    for (size_t row = 0; row < rows; ++row)
      held.push_back(loadRow(row));
    for (size_t column = 0; column < columns; ++column) {
      Value columnValue = loadColumn(column);
      for (size_t row = 0; row < rows; ++row)
        multiply(row, column, held[row], columnValue);
    }
    return;
  }
  SmallVector<Value> held;
  for (size_t column = 0; column < columns; ++column)
    held.push_back(loadColumn(column));
  for (size_t row = 0; row < rows; ++row) {
    Value rowValue = loadRow(row);
    for (size_t column = 0; column < columns; ++column)
      multiply(row, column, rowValue, held[column]);
  }
}

/// The sums of each element's chains, by halving.
static SmallVector<Value> joinChains(KernelBuilder &builder, const TileOperands &operands,
                                     SmallVector<Value> sums) {
  size_t size = operands.size();
  for (int64_t chains = operands.chains; chains > 1; chains /= 2) {
    for (size_t index = 0; index < chains / 2 * size; ++index)
      sums[index] = arith::AddFOp::create(builder, sums[index], sums[index + chains / 2 * size]);
    sums.truncate(chains / 2 * size);
  }
  return sums;
}

SmallVector<Value> pleat::emitTile(KernelBuilder &builder, const TileOperands &operands, Value kBegin,
                                   Value kEnd, SmallVector<Value> accumulators, TilePrefetch prefetch) {
  size_t size = operands.size();
  if (operands.chains > 1)
    accumulators.append(size * (operands.chains - 1), builder.splat(0));
  auto body = [&](int64_t steps, bool prefetches) {
    return [&, steps, prefetches](Value k, ValueRange carried) {
      SmallVector<Value> sums(carried);
      if (prefetches)
        prefetch(k);
      for (int64_t step = 0; step < steps; ++step)
        emitStep(builder, operands, builder.add(k, step),
                 MutableArrayRef(sums).slice(step % operands.chains * size, size));
      return sums;
    };
  };
  std::optional<int64_t> length = getConstantIntValue(builder.sub(kEnd, kBegin));
  if (length && *length <= kStraightSteps && !prefetch)
    return joinChains(builder, operands, body(*length, false)(kBegin, accumulators));
  Value whole = builder.div(builder.sub(kEnd, kBegin), builder.index(kTileUnroll));
  Value mainEnd = builder.add(kBegin, builder.mul(whole, kTileUnroll));
  std::optional<int64_t> steps = getConstantIntValue(whole);
  if (!steps || *steps > 0)
    accumulators =
        builder.loop(kBegin, mainEnd, kTileUnroll, accumulators, body(kTileUnroll, bool(prefetch)));
  std::optional<int64_t> stop = getConstantIntValue(mainEnd), end = getConstantIntValue(kEnd);
  if (!stop || !end || *stop < *end)
    accumulators = builder.loop(mainEnd, kEnd, 1, accumulators, body(1, false));
  return joinChains(builder, operands, accumulators);
}
