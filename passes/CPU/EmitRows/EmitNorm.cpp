/// Norms in two passes over a row that stays in L1: moments first, with the variance taken
/// around the mean, then the result.
#include "passes/CPU/EmitRows/EmitNorm.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/EmitRows/RowKernel.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace pleat;

namespace {

/// What the two norms differ in.
struct Norm {
  Value scale, bias; ///< may be null
  float epsilon;
  bool isCentred; ///< the mean is subtracted
};

} // namespace

static std::optional<Norm> normOf(Operation *op) {
  if (auto layer = dyn_cast<LayerNormOp>(op))
    return Norm{layer.getScale(), layer.getBias(), layer.getEpsilon().convertToFloat(), true};
  if (auto rms = dyn_cast<RmsNormOp>(op))
    return Norm{rms.getScale(), Value(), rms.getEpsilon().convertToFloat(), false};
  return std::nullopt;
}

/// The one norm of `kernel` as a row kernel.
static std::optional<RowKernel> matchNorm(func::FuncOp kernel) {
  Operation *anchor = nullptr;
  for (Operation &op : kernel.front()) {
    if (!normOf(&op))
      continue;
    if (anchor)
      return std::nullopt;
    anchor = &op;
  }
  if (!anchor)
    return std::nullopt;
  Norm norm = *normOf(anchor);
  for (Value parameter : {norm.scale, norm.bias}) {
    bool isKnown = !parameter || (isa<BlockArgument>(parameter) &&
                                  cast<RankedTensorType>(parameter.getType()).getElementType().isF32());
    if (!isKnown)
      return std::nullopt;
  }
  return matchRowKernel(kernel, anchor, /*keepsInput=*/true);
}

bool pleat::appliesEmitNorm(func::FuncOp kernel, const LevelInfo &) { return matchNorm(kernel).has_value(); }

namespace {

/// Code of one norm.
class NormCode {
public:
  NormCode(RowCode &rows, const Norm &norm) : rows(rows), norm(norm), builder(rows.builder()) {}

  void emitRow(Value row) {
    Value mean = norm.isCentred ? splatMean(row) : Value();
    Value factor = splatFactor(row, mean);
    rows.forColumns(row, [&](const VectorPosition &position) {
      Value x = rows.input(position);
      Value scaled = arith::MulFOp::create(builder, centred(x, mean), factor);
      if (norm.scale)
        scaled = arith::MulFOp::create(builder, scaled, parameter(norm.scale, position));
      if (norm.bias)
        scaled = arith::AddFOp::create(builder, scaled, parameter(norm.bias, position));
      rows.finish(scaled, position, x);
    });
  }

private:
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
  Value centred(Value x, Value mean) { return mean ? Value(arith::SubFOp::create(builder, x, mean)) : x; }

  Value parameter(Value argument, const VectorPosition &position) {
    Value memory = rows.frame().memory(cast<BlockArgument>(argument).getArgNumber());
    return builder.load(memory, position.column, position.count);
  }

  /// Sums over a row divided by its length.
  Value average(Value sums) {
    return arith::DivFOp::create(builder, builder.sumOfLanes(sums), rows.columnsAsFloat());
  }

  Value splatMean(Value row) {
    Value sums = rows.fold(
        row, builder.splat(0),
        [&](const VectorPosition &position, Value sum) {
          return add(sum, rows.masked(rows.firstInput(position), 0, position));
        },
        [&](Value a, Value b) { return add(a, b); });
    return builder.broadcast(average(sums));
  }

  /// 1 / sqrt(variance + epsilon).
  Value splatFactor(Value row, Value mean) {
    Value sums = rows.fold(
        row, builder.splat(0),
        [&](const VectorPosition &position, Value sum) {
          Value x = mean ? rows.input(position) : rows.firstInput(position);
          Value distance = rows.masked(centred(x, mean), 0, position);
          return builder.fma(distance, distance, sum);
        },
        [&](Value a, Value b) { return add(a, b); });
    Value epsilon = arith::ConstantOp::create(builder, builder.getF32FloatAttr(norm.epsilon));
    Value one = arith::ConstantOp::create(builder, builder.getF32FloatAttr(1));
    Value root = math::SqrtOp::create(builder, add(average(sums), epsilon));
    return builder.broadcast(arith::DivFOp::create(builder, one, root));
  }

  RowCode &rows;
  const Norm &norm;
  KernelBuilder &builder;
};

} // namespace

LogicalResult pleat::emitNorm(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<RowKernel> match = matchNorm(kernel);
  assert(match && "the family was asked first");
  RowCode rows(*match, kernel, machine, level);
  Norm norm = *normOf(match->anchor);
  NormCode code(rows, norm);
  rows.forRows([&](Value row) { code.emitRow(row); });
  return success();
}
