// Labels the ops of a function, finds where they repeat, and builds the repeat.
#include "passes/Optimization/RollLayers/RollLayers.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/Optimization/RollLayers/LayerMatch.h"
#include "passes/Optimization/RollLayers/Periods.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"

namespace pleat {
#define GEN_PASS_DEF_ROLLLAYERS
#include "passes/Optimization/RollLayers/RollLayers.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// Ops that belong to no layer: weights, constants, sizes and empty destinations, which
/// layers read and may share.
static bool isLeaf(Operation *op) {
  return isa<WeightOp, tensor::EmptyOp>(op) || op->hasTrait<OpTrait::ConstantLike>() ||
         llvm::none_of(op->getResultTypes(), [](Type type) { return isa<RankedTensorType>(type); });
}

/// What a cut costs: values carried, then collected, then layers lost at the ends.
static auto cutCost(const LayerMatch &match) {
  return std::make_tuple(match.carried.size(), match.collected.size(), -static_cast<int64_t>(match.repeats));
}

/// The cheapest way to cut `run` into layers; nullopt if no cut gives equal layers.
static std::optional<LayerMatch> bestCut(ArrayRef<Operation *> ops, const PeriodicRun &run, size_t minRepeats,
                                         SizeExprs &sizes) {
  std::optional<LayerMatch> best;
  for (size_t shift = 0; shift < run.period; ++shift) {
    size_t repeats = (run.end - run.begin - shift) / run.period;
    if (repeats < minRepeats)
      break;
    auto match = matchLayers(ops.slice(run.begin + shift, repeats * run.period), run.period, sizes);
    if (match && (!best || cutCost(*match) < cutCost(*best)))
      best = std::move(match);
  }
  return best;
}

namespace {

class Roller {
public:
  explicit Roller(const LayerMatch &match) : match(match), builder(match.ops.back()) {}

  RepeatOp roll() {
    moveLeavesUp();
    builder.setInsertionPoint(match.ops.front());
    Location loc = match.ops.front()->getLoc();
    SmallVector<Value> carried, stacked;
    for (const LayerMatch::Carried &value : match.carried)
      carried.push_back(value.initial);
    for (ArrayRef<Value> values : match.stacked)
      stacked.push_back(StackOp::create(builder, loc, stackType(values.front().getType()), values));

    SmallVector<Type> results(ValueRange(carried).getTypes());
    for (auto [op, result] : match.collected)
      results.push_back(stackType(match.ops[op]->getResult(result).getType()));
    auto repeat = RepeatOp::create(builder, loc, results, match.repeats, carried, stacked);
    buildBody(repeat);
    replaceReaders(repeat);
    for (Operation *op : llvm::reverse(match.ops))
      op->erase();
    return repeat;
  }

private:
  RankedTensorType stackType(Type slice) {
    auto type = cast<RankedTensorType>(slice);
    SmallVector<int64_t> shape{static_cast<int64_t>(match.repeats)};
    llvm::append_range(shape, type.getShape());
    return RankedTensorType::get(shape, type.getElementType());
  }

  /// Leaves between the layers must stand before the repeat that reads them all.
  void moveLeavesUp() {
    Operation *first = match.ops.front();
    SmallVector<Operation *> leaves;
    for (Operation *op = first; op != match.ops.back(); op = op->getNextNode())
      if (!llvm::is_contained(match.ops, op))
        leaves.push_back(op);
    for (Operation *leaf : leaves)
      leaf->moveBefore(first);
  }

  void buildBody(RepeatOp repeat) {
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Type> types(repeat.getCarried().getTypes());
    for (ArrayRef<Value> values : match.stacked)
      types.push_back(values.front().getType());
    Block *body = builder.createBlock(&repeat.getBody(), {}, types,
                                      SmallVector<Location>(types.size(), repeat.getLoc()));
    IRMapping mapping;
    for (size_t k = 0; k < match.period; ++k) {
      Operation *original = match.ops[k], *copy = builder.clone(*original, mapping);
      for (auto [i, operand] : llvm::enumerate(match.operands[k])) {
        if (operand.origin == LayerMatch::Origin::Carried)
          copy->setOperand(i, body->getArgument(operand.index));
        else if (operand.origin == LayerMatch::Origin::Stacked)
          copy->setOperand(i, body->getArgument(match.carried.size() + operand.index));
      }
    }
    SmallVector<Value> yielded;
    for (const LayerMatch::Carried &value : match.carried)
      yielded.push_back(mapping.lookup(match.ops[value.op]->getResult(value.result)));
    for (auto [op, result] : match.collected)
      yielded.push_back(mapping.lookup(match.ops[op]->getResult(result)));
    YieldOp::create(builder, repeat.getLoc(), yielded);
  }

  void replaceReaders(RepeatOp repeat) {
    builder.setInsertionPointAfter(repeat);
    size_t carried = match.carried.size(), last = (match.repeats - 1) * match.period;
    for (auto [i, value] : llvm::enumerate(match.carried))
      match.ops[last + value.op]->getResult(value.result).replaceAllUsesWith(repeat.getResult(i));
    for (auto [i, value] : llvm::enumerate(match.collected))
      for (size_t layer = 0; layer < match.repeats; ++layer) {
        Value before = match.ops[layer * match.period + value.first]->getResult(value.second);
        if (before.use_empty())
          continue;
        Value slice = UnstackOp::create(builder, before.getLoc(), before.getType(),
                                        repeat.getResult(carried + i), layer);
        before.replaceAllUsesWith(slice);
      }
  }

  const LayerMatch &match;
  OpBuilder builder;
};

class RollLayersPass : public pleat::impl::RollLayersBase<RollLayersPass> {
public:
  using RollLayersBase::RollLayersBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    SmallVector<uint64_t> labels;
    for (Operation &op : getOperation().getBody().front().without_terminator())
      if (!isLeaf(&op)) {
        ops.push_back(&op);
        labels.push_back(structuralLabel(&op));
      }
    SizeExprs sizes(getOperation());
    for (const PeriodicRun &run : findPeriodicRuns(labels, minOps, minRepeats)) {
      std::optional<LayerMatch> match = bestCut(ops, run, minRepeats, sizes);
      if (!match)
        continue;
      RepeatOp repeat = Roller(*match).roll();
      remark::passed(repeat.getLoc(), remark::RemarkOpts::name("Rolled").category("pleat-roll-layers"))
          << std::to_string(match->repeats) << " layers of " << std::to_string(match->period)
          << " ops rolled, " << std::to_string(match->stacked.size()) << " operands stacked";
      return; // the run that covers most; what remains is head and tail
    }
  }
};

} // namespace
