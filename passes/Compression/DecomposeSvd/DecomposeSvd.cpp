// Which matrices are decomposed, at which rank, and whether it pays.
#include "passes/Compression/DecomposeSvd/DecomposeSvd.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/RowBounds.h"
#include "passes/Compression/DecomposeSvd/TruncatedSvd.h"
#include "passes/Utils/Ledger.h"
#include "passes/Utils/MeasureStep.h"
#include "passes/Utils/Selector.h"
#include "passes/Utils/WeightData.h"
#include "passes/Utils/WeightNames.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"

#include <cmath>

namespace pleat {
#define GEN_PASS_DEF_DECOMPOSESVD
#include "passes/Compression/DecomposeSvd/DecomposeSvd.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// Whether everything that reads `weight` multiplies with it.
static bool feedsLinears(WeightOp weight) {
  return !weight->use_empty() && llvm::all_of(weight->getUses(), [](OpOperand &use) {
    auto linear = dyn_cast<LinearOp>(use.getOwner());
    return linear && &linear.getWeightMutable() == &use;
  });
}

/// The comparison of the matrix with factors of `rank`, for the reader of `weight` where the
/// factors do worst.
static ChainComparison compareWithFactors(WeightOp weight, int64_t rank) {
  auto type = cast<RankedTensorType>(weight.getType());
  ProductShape dense{type.getDimSize(0), type.getDimSize(1)};
  ProductShape factors[] = {{dense.depth, rank}, {rank, dense.columns}};
  SizeExprs sizes(weight->getParentOfType<func::FuncOp>());
  auto module = weight->getParentOfType<ModuleOp>();
  ChainComparison worst{};
  for (Operation *user : weight->getUsers()) {
    RowRange rows = rowsOf(cast<LinearOp>(user).getX(), sizes, module);
    ChainComparison here = compareChains(dense, factors, rows);
    if (worst.rows == 0 || here.after * worst.before > worst.after * here.before)
      worst = here;
  }
  return worst;
}

static std::string nanoseconds(double time) { return std::to_string(std::llround(time)) + " ns"; }

namespace {

class DecomposeSvdPass : public pleat::impl::DecomposeSvdBase<DecomposeSvdPass> {
public:
  using DecomposeSvdBase::DecomposeSvdBase;

  void runOnOperation() override {
    if ((rank > 0) + (ratio > 0) + (energy > 0) != 1 || rank < 0 || ratio < 0 || energy < 0 || energy > 1) {
      emitError(getOperation().getLoc(),
                "pleat-decompose-svd expects exactly one of rank (at least 1), ratio (above 0) "
                "and energy (above 0, at most 1)");
      return signalPassFailure();
    }
    llvm::Expected<Selector> selector =
        Selector::create(std::vector<std::string>(targets.begin(), targets.end()),
                         std::vector<std::string>(ignore.begin(), ignore.end()));
    if (!selector) {
      emitError(getOperation().getLoc(), llvm::toString(selector.takeError()));
      return signalPassFailure();
    }
    SmallVector<WeightOp> selected;
    getOperation().walk([&](WeightOp weight) {
      auto type = cast<RankedTensorType>(weight.getType());
      if (type.getRank() == 2 && type.getElementType().isF32() && feedsLinears(weight) &&
          selector->selects(weightNames(weight)))
        selected.push_back(weight);
    });
    for (const std::string &text : selector->unmatched()) {
      emitError(getOperation().getLoc()) << "pleat-decompose-svd: target \"" << text
                                         << "\" selects no weight matrix; `pleat inspect` lists their names";
      return signalPassFailure();
    }
    for (WeightOp weight : selected)
      if (failed(decompose(weight)))
        return signalPassFailure();
  }

private:
  LogicalResult decompose(WeightOp weight) {
    auto type = cast<RankedTensorType>(weight.getType());
    int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
    std::vector<std::string> names = weightNames(weight);
    std::string name = names.empty() ? "weight" : names.front();

    llvm::Expected<std::vector<float>> matrix = readWeight(weight);
    if (!matrix)
      return weight.emitError(llvm::toString(matrix.takeError()));
    int64_t wanted = rank;
    if (ratio > 0)
      wanted = static_cast<int64_t>(ratio * rows * columns / (rows + columns));
    else if (energy > 0)
      wanted = rankForEnergy(*matrix, rows, columns, energy);
    wanted = std::clamp<int64_t>(wanted, 1, std::min(rows, columns));

    if (ChainComparison times = compareWithFactors(weight, wanted); !times.isFaster()) {
      std::string numbers = "with M = " + std::to_string(times.rows) + ", rank " + std::to_string(wanted) +
                            " takes about " + nanoseconds(times.after) + ", the matrix " +
                            nanoseconds(times.before);
      remark::missed(weight.getLoc(),
                     remark::RemarkOpts::name("AboveBreakEven").category("pleat-decompose-svd"))
          << name + " stays dense: " + numbers;
      return success();
    }
    LowRankFactors factors = truncatedSvd(*matrix, rows, columns, wanted);
    matrix->clear();
    matrix->shrink_to_fit();

    OpBuilder builder(weight);
    auto u = makeWeight(builder, weight.getLoc(), factors.u, {rows, wanted}, name + ".u");
    if (!u)
      return weight.emitError(llvm::toString(u.takeError()));
    auto v = makeWeight(builder, weight.getLoc(), factors.v, {wanted, columns}, name + ".v");
    if (!v)
      return weight.emitError(llvm::toString(v.takeError()));
    if (measure)
      compareOutputs(weight, *u, *v);
    else
      replace(weight, *u, *v);
    int64_t dense = rows * columns, thin = wanted * (rows + columns);
    addWeightChange(getOperation(), {"decompose-svd", name, "lossy", dense * 4, thin * 4, dense * 2, thin * 2,
                                     factors.relativeError});
    return success();
  }

  /// The product stands where it is read, so that it rolls with its layer.
  static void replace(WeightOp weight, WeightOp u, WeightOp v) {
    OpBuilder builder(weight);
    for (OpOperand &use : llvm::make_early_inc_range(weight->getUses())) {
      builder.setInsertionPoint(use.getOwner());
      use.set(LowRankOp::create(builder, weight.getLoc(), u.getResult(), v.getResult()));
    }
    weight.erase();
  }

  /// Leaves the matrix, and multiplies by the factors beside it.
  void compareOutputs(WeightOp weight, WeightOp u, WeightOp v) {
    auto known = getOperation()->getAttrOfType<ArrayAttr>(PleatDialect::getLedgerAttrName());
    SmallVector<StepOutputs> outputs;
    for (Operation *user : SmallVector<Operation *>(weight->getUsers())) {
      auto linear = cast<LinearOp>(user);
      OpBuilder builder(user->getContext());
      builder.setInsertionPointAfter(user);
      Value product = LowRankOp::create(builder, weight.getLoc(), u.getResult(), v.getResult());
      auto changed = cast<LinearOp>(builder.clone(*user));
      changed.getWeightMutable().assign(product);
      outputs.push_back({linear.getResult(), changed.getResult()});
    }
    addStepResults(weight->getParentOfType<func::FuncOp>(), known ? known.size() : 0, outputs);
  }
};

} // namespace
