// Which linears are told their precision; AssignLayouts does as they say.
#include "passes/Compression/SetPrecision/SetPrecision.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Utils/Selector.h"
#include "passes/Utils/WeightNames.h"

namespace pleat {
#define GEN_PASS_DEF_SETPRECISION
#include "passes/Compression/SetPrecision/SetPrecision.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// The linears whose weight is `value` or an expression of it.
static void collectLinears(Value value, SmallVectorImpl<LinearOp> &linears) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    auto linear = dyn_cast<LinearOp>(user);
    if (linear && &linear.getWeightMutable() == &use)
      linears.push_back(linear);
    else if (isa<TransposedOp, LowRankOp, SumOp>(user))
      collectLinears(user->getResult(0), linears);
  }
}

namespace {

class SetPrecisionPass : public pleat::impl::SetPrecisionBase<SetPrecisionPass> {
public:
  using SetPrecisionBase::SetPrecisionBase;

  void runOnOperation() override {
    if (!symbolizePrecision(precision)) {
      emitError(getOperation().getLoc())
          << "pleat-set-precision: unknown precision '" << precision << "'; known: f32, f32-split, bf16";
      return signalPassFailure();
    }
    llvm::Expected<Selector> selector =
        Selector::create(std::vector<std::string>(targets.begin(), targets.end()),
                         std::vector<std::string>(ignore.begin(), ignore.end()));
    if (!selector) {
      emitError(getOperation().getLoc(), llvm::toString(selector.takeError()));
      return signalPassFailure();
    }
    auto value = StringAttr::get(&getContext(), precision.getValue());
    getOperation().walk([&](WeightOp weight) {
      SmallVector<LinearOp> linears;
      collectLinears(weight.getResult(), linears);
      if (linears.empty() || !weight.getType().getElementType().isF32() ||
          !selector->selects(weightNames(weight)))
        return;
      for (LinearOp linear : linears)
        linear->setAttr(PleatDialect::getPrecisionAttrName(), value);
    });
    for (const std::string &text : selector->unmatched()) {
      emitError(getOperation().getLoc()) << "pleat-set-precision: target \"" << text
                                         << "\" selects no weight matrix; `pleat inspect` lists their names";
      return signalPassFailure();
    }
  }
};

} // namespace
