/// Rows are divided among the parts; columns go by four vectors, by one, and a partial one.
#include "passes/CPU/EmitRows/RowKernel.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace pleat;

// Sums that a fold interleaves, to hide the latency of an addition.
static constexpr int64_t kFoldUnroll = 4;

std::optional<RowKernel> pleat::matchRowKernel(func::FuncOp kernel, Operation *anchor, bool keepsInput) {
  Value x = anchor->getOperand(0), result = anchor->getResult(0);
  std::optional<Elementwise> input = Elementwise::match(kernel, x, {});
  std::optional<SmallVector<Extent>> sizes = sizesOf(kernel, x);
  if (!input || !sizes)
    return std::nullopt;
  SmallVector<Destination> destinations;
  SmallVector<Value> roots;
  for (unsigned index = 0; index < kernel.getNumResults(); ++index) {
    std::optional<Destination> destination = destinationView(kernel, index);
    if (!destination || !destination->view.strides.back().isConstant(1))
      return std::nullopt;
    destinations.push_back(*destination);
    roots.push_back(destination->value);
  }
  std::optional<Elementwise> output =
      Elementwise::match(kernel, roots, keepsInput ? ValueRange{result, x} : ValueRange{result});
  if (!output)
    return std::nullopt;
  return RowKernel{anchor, x, result, *input, *output, destinations, *sizes, keepsInput};
}

RowCode::RowCode(const RowKernel &match, func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level)
    : match(match), slots(kernel, machine), code(match.anchor->getLoc(), slots.builder(), level.lanes),
      values(slots, code), inputCode(match.input, values, code), outputCode(match.output, values, code) {
  for (const Destination &destination : match.destinations)
    outs.emplace_back(values, code, destination.view);
  rowCount = code.index(1);
  for (const Extent &size : ArrayRef(match.sizes).drop_back())
    rowCount = code.mul(values.value(code, size), rowCount);
  columnCount = values.value(code, match.sizes.back());
}

Value RowCode::columnsAsFloat() {
  Value integer = arith::IndexCastUIOp::create(code, code.getI64Type(), columnCount);
  return arith::UIToFPOp::create(code, code.getF32Type(), integer);
}

void RowCode::forRows(function_ref<void(Value)> body) {
  auto share = [&](Value part) { return code.div(code.mul(rowCount, part), slots.parts()); };
  code.loop(share(slots.part()), share(code.add(slots.part(), 1)), 1, body);
}

Value RowCode::firstInput(const VectorPosition &position) {
  Value x = inputCode.evaluate(code, match.x, position, {});
  if (match.input.size() > 0)
    keep(x, position);
  return x;
}

Value RowCode::input(const VectorPosition &position) {
  return match.input.size() > 0 ? reload(position) : inputCode.evaluate(code, match.x, position, {});
}

void RowCode::keep(Value value, const VectorPosition &position) {
  Value offset = code.add(outs.front().rowOffset(code, position.row), position.column);
  code.store(value, outs.front().memory(), offset, position.count);
}

Value RowCode::reload(const VectorPosition &position) {
  Value offset = code.add(outs.front().rowOffset(code, position.row), position.column);
  return code.load(outs.front().memory(), offset, position.count);
}

void RowCode::finish(Value result, const VectorPosition &position, Value x) {
  // All are computed before one is stored: x may lie in the first.
  SmallVector<Value> finished, given = {result};
  if (match.keepsInput)
    given.push_back(x);
  for (const Destination &destination : match.destinations)
    finished.push_back(outputCode.evaluate(code, destination.value, position, given));
  for (auto [value, out] : llvm::zip(finished, outs))
    code.store(value, out.memory(), code.add(out.rowOffset(code, position.row), position.column),
               position.count);
}

Value RowCode::fold(Value row, Value init, function_ref<Value(const VectorPosition &, Value)> body,
                    function_ref<Value(Value, Value)> join) {
  int64_t lanes = code.getLanes(), step = lanes * kFoldUnroll;
  Value full = code.index(lanes);
  auto whole = [&](int64_t width) { return code.mul(code.div(columnCount, code.index(width)), width); };
  Value unrolledEnd = whole(step), fullEnd = whole(lanes);

  SmallVector<Value> sums(kFoldUnroll, init);
  sums = code.loop(code.index(0), unrolledEnd, step, sums, [&](Value column, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [index, sum] : llvm::enumerate(carried))
      next.push_back(body({row, code.add(column, index * lanes), full}, sum));
    return next;
  });
  Value sum = join(join(sums[0], sums[1]), join(sums[2], sums[3]));
  sum = code.loop(unrolledEnd, fullEnd, lanes, sum,
                  [&](Value column, ValueRange carried) {
                    return SmallVector<Value>{body({row, column, full}, carried.front())};
                  })
            .front();
  return code
      .loop(fullEnd, columnCount, lanes, sum,
            [&](Value column, ValueRange carried) {
              return SmallVector<Value>{body({row, column, code.sub(columnCount, fullEnd)}, carried.front())};
            })
      .front();
}

void RowCode::forColumns(Value row, function_ref<void(const VectorPosition &)> body) {
  int64_t lanes = code.getLanes();
  Value fullEnd = code.mul(code.div(columnCount, code.index(lanes)), lanes);
  code.loop(code.index(0), fullEnd, lanes, [&](Value column) { body({row, column, code.index(lanes)}); });
  code.loop(fullEnd, columnCount, lanes,
            [&](Value column) { body({row, column, code.sub(columnCount, fullEnd)}); });
}

Value RowCode::masked(Value value, float neutral, const VectorPosition &position) {
  if (auto count = getConstantIntValue(position.count); count && *count >= code.getLanes())
    return value;
  return arith::SelectOp::create(code, code.mask(position.count), value, code.splat(neutral));
}
