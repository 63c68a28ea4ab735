// Clones the body once an iteration; slices of stacks become what was stacked.
#include "passes/Optimization/UnrollLayers/UnrollLayers.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/IR/IRMapping.h"

namespace pleat {
#define GEN_PASS_DEF_UNROLLLAYERS
#include "passes/Optimization/UnrollLayers/UnrollLayers.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// Slice `index` of `stack`.
static Value sliceOf(OpBuilder &builder, Value stack, int64_t index) {
  if (auto op = stack.getDefiningOp<StackOp>())
    return op.getValues()[index];
  auto type = cast<RankedTensorType>(stack.getType());
  return UnstackOp::create(builder, stack.getLoc(), type.clone(type.getShape().drop_front()), stack, index);
}

static void unroll(RepeatOp repeat) {
  OpBuilder builder(repeat);
  Block &body = repeat.getBody().front();
  size_t carriedCount = repeat.getCarried().size();
  SmallVector<Value> carried(repeat.getCarried());
  SmallVector<SmallVector<Value>> collected(repeat.getNumResults() - carriedCount);
  for (int64_t i = 0; i < static_cast<int64_t>(repeat.getCount()); ++i) {
    IRMapping mapping;
    for (auto [k, value] : llvm::enumerate(carried))
      mapping.map(body.getArgument(k), value);
    for (auto [k, stack] : llvm::enumerate(repeat.getStacked()))
      mapping.map(body.getArgument(carriedCount + k), sliceOf(builder, stack, i));
    for (Operation &op : body.without_terminator())
      builder.clone(op, mapping);
    for (auto [k, value] : llvm::enumerate(cast<YieldOp>(body.getTerminator()).getValues())) {
      Value copy = mapping.lookupOrDefault(value);
      if (k < carriedCount)
        carried[k] = copy;
      else
        collected[k - carriedCount].push_back(copy);
    }
  }
  for (auto [k, value] : llvm::enumerate(carried))
    repeat.getResult(k).replaceAllUsesWith(value);
  for (auto [k, values] : llvm::enumerate(collected)) {
    Value result = repeat.getResult(carriedCount + k);
    for (Operation *user : llvm::make_early_inc_range(result.getUsers()))
      if (auto slice = dyn_cast<UnstackOp>(user)) {
        slice.replaceAllUsesWith(values[slice.getIndex()]);
        slice.erase();
      }
    if (!result.use_empty())
      result.replaceAllUsesWith(
          StackOp::create(builder, repeat.getLoc(), result.getType(), values).getResult());
  }
  SmallVector<Value> stacks(repeat.getStacked());
  repeat.erase();
  for (Value stack : stacks)
    if (auto op = stack.getDefiningOp<StackOp>(); op && op.use_empty())
      op.erase();
}

namespace {

class UnrollLayersPass : public pleat::impl::UnrollLayersBase<UnrollLayersPass> {
public:
  void runOnOperation() override {
    SmallVector<RepeatOp> repeats;
    getOperation().walk([&](RepeatOp repeat) { repeats.push_back(repeat); }); // innermost first
    llvm::for_each(repeats, unroll);
  }
};

} // namespace
