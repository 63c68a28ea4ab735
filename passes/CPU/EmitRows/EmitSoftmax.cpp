/// Softmax in three passes over a row that stays in L1: maximum, exponentials and their
/// sum, division. A row whose maximum is -inf, or that holds NaN, gives NaN.
#include "passes/CPU/EmitRows/EmitSoftmax.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/EmitRows/RowKernel.h"
#include "passes/CPU/MathBuilder.h"

#include <limits>

using namespace mlir;
using namespace pleat;

static std::optional<RowKernel> matchSoftmax(func::FuncOp kernel) {
  auto ops = kernel.getOps<SoftmaxOp>();
  if (!llvm::hasSingleElement(ops))
    return std::nullopt;
  // Exponentials replace the row that was kept, so x is gone when results are computed.
  return kernel.getNumResults() == 1 ? matchRowKernel(kernel, *ops.begin(), /*keepsInput=*/false)
                                     : std::nullopt;
}

bool pleat::appliesEmitSoftmax(func::FuncOp kernel, const LevelInfo &) {
  return matchSoftmax(kernel).has_value();
}

namespace {

/// Code of one softmax.
class SoftmaxCode {
public:
  explicit SoftmaxCode(RowCode &rows) : rows(rows), builder(rows.builder()) {}

  void emitRow(Value row) {
    Value max = splatMax(row);
    Value sums = rows.fold(
        row, builder.splat(0),
        [&](const VectorPosition &position, Value sum) {
          Value power = exponential(rows.input(position), max);
          rows.keep(power, position);
          return arith::AddFOp::create(builder, sum, rows.masked(power, 0, position)).getResult();
        },
        [&](Value a, Value b) { return arith::AddFOp::create(builder, a, b).getResult(); });
    Value one = arith::ConstantOp::create(builder, builder.getF32FloatAttr(1));
    Value factor = builder.broadcast(arith::DivFOp::create(builder, one, builder.sumOfLanes(sums)));
    rows.forColumns(row, [&](const VectorPosition &position) {
      Value result = arith::MulFOp::create(builder, rows.reload(position), factor);
      rows.finish(result, position, Value());
    });
  }

  void emitLogRow(Value row) {
    Value max = splatMax(row);
    Value sums = rows.fold(
        row, builder.splat(0),
        [&](const VectorPosition &position, Value sum) {
          Value power = exponential(rows.input(position), max);
          return arith::AddFOp::create(builder, sum, rows.masked(power, 0, position)).getResult();
        },
        [&](Value a, Value b) { return arith::AddFOp::create(builder, a, b).getResult(); });
    Value log = builder.broadcast(buildLog(builder, builder.getLoc(), builder.sumOfLanes(sums)));
    rows.forColumns(row, [&](const VectorPosition &position) {
      Value x = rows.input(position);
      Value centred = arith::SubFOp::create(builder, x, max);
      rows.finish(arith::SubFOp::create(builder, centred, log), position, x);
    });
  }

private:
  Value splatMax(Value row) {
    Value max = rows.fold(
        row, builder.splat(-std::numeric_limits<float>::infinity()),
        [&](const VectorPosition &position, Value largest) {
          Value x = rows.masked(rows.firstInput(position), -std::numeric_limits<float>::infinity(), position);
          return builder.maxps(x, largest);
        },
        [&](Value a, Value b) { return builder.maxps(a, b); });
    return builder.broadcast(builder.maxOfLanes(max));
  }

  Value exponential(Value x, Value max) {
    return buildExpFlushed(builder, builder.getLoc(), arith::SubFOp::create(builder, x, max));
  }

  RowCode &rows;
  KernelBuilder &builder;
};

} // namespace

LogicalResult pleat::emitSoftmax(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<RowKernel> match = matchSoftmax(kernel);
  assert(match && "the family was asked first");
  RowCode rows(*match, kernel, machine, level);
  SoftmaxCode code(rows);
  bool isLog = cast<SoftmaxOp>(match->anchor).getLog();
  rows.forRows([&](Value row) { isLog ? code.emitLogRow(row) : code.emitRow(row); });
  return success();
}
