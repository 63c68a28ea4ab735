// Decides where every value of main lives, then hands over to the function builders.
#include "passes/CPU/PlanMemory/PlanMemory.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/CPU/PlanMemory/ArenaSlots.h"
#include "passes/CPU/PlanMemory/RunFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"

namespace pleat {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/CPU/PlanMemory/PlanMemory.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// Sizes that unbounded dimensions are given to decide who shares a slot. Any value is
/// correct; a typical one shares well.
static constexpr int64_t typicalDimension = 64;

/// What a reshape is a view of.
static Value rootOf(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

static int64_t elementBytes(Type tensor) {
  return (cast<RankedTensorType>(tensor).getElementTypeBitWidth() + 7) / 8;
}

namespace {

class Planner {
public:
  Planner(func::FuncOp main, SizeExprs &sizes) : main(main), sizes(sizes) {}

  FailureOr<MemoryPlan> plan() {
    placeInputs();
    placeOutputs();
    if (failed(placeWeights()) || failed(placeArena()) || failed(collectScratch()))
      return failure();
    return std::move(result);
  }

private:
  void placeInputs() {
    for (BlockArgument argument : main.getArguments())
      result.places[argument] = {Place::Input, argument.getArgNumber()};
  }

  void placeOutputs() {
    Operation *terminator = main.getBody().front().getTerminator();
    for (OpOperand &operand : terminator->getOpOperands())
      result.places[rootOf(operand.get())] = {Place::Output, operand.getOperandNumber()};
  }

  LogicalResult placeWeights() {
    for (auto weight : main.getOps<WeightOp>()) {
      auto offset = weight->getAttrOfType<IntegerAttr>("pleat.offset");
      if (!offset)
        return weight.emitOpError("expects 'pleat.offset', its place in the weights file");
      result.places[weight.getResult()] = {Place::Weight, offset.getInt()};
    }
    return success();
  }

  LogicalResult placeArena() {
    SmallVector<int64_t> typical(sizes.dims().size(), typicalDimension);
    SmallVector<Value> values;
    SmallVector<AffineExpr> bytes;
    SmallVector<Lifetime> lifetimes;
    DenseMap<Operation *, int64_t> steps;
    for (auto [step, op] : llvm::enumerate(main.getBody().front()))
      steps[&op] = step;
    for (auto launch : main.getOps<LaunchOp>())
      for (Value value : launch.getResults()) {
        if (result.places.contains(value))
          continue;
        auto elements = sizes.elementsOf(value);
        if (failed(elements))
          return launch.emitOpError("expects results whose sizes follow from the model's dimensions");
        values.push_back(value);
        bytes.push_back(*elements * elementBytes(value.getType()));
        lifetimes.push_back({steps[launch], lastUse(value, steps),
                             evaluateSize(bytes.back(), typical).value_or(0)});
      }
    for (auto [value, size, slot] : llvm::zip(values, bytes, assignSlots(lifetimes))) {
      result.places[value] = {Place::Arena, slot};
      if (slot == result.slots.size())
        result.slots.emplace_back();
      if (!llvm::is_contained(result.slots[slot], size))
        result.slots[slot].push_back(size);
    }
    return success();
  }

  int64_t lastUse(Value value, const DenseMap<Operation *, int64_t> &steps) {
    int64_t last = steps.lookup(value.getDefiningOp());
    for (Operation *user : value.getUsers()) {
      last = std::max(last, steps.lookup(user));
      if (auto reshape = dyn_cast<ReshapeOp>(user))
        last = std::max(last, lastUse(reshape.getResult(), steps));
    }
    return last;
  }

  LogicalResult collectScratch() {
    SymbolTable symbols(main->getParentOfType<ModuleOp>());
    for (auto launch : main.getOps<LaunchOp>()) {
      auto bytes = scratchOf(launch, symbols.lookup<func::FuncOp>(launch.getKernel()), sizes);
      if (failed(bytes))
        return launch.emitOpError("expects operands whose sizes follow from the model's dimensions");
      if (*bytes && !llvm::is_contained(result.scratch, *bytes))
        result.scratch.push_back(*bytes);
    }
    return success();
  }

  func::FuncOp main;
  SizeExprs &sizes;
  MemoryPlan result;
};

class PlanMemoryPass : public pleat::impl::PlanMemoryBase<PlanMemoryPass> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    SizeExprs sizes(main);
    FailureOr<MemoryPlan> plan = Planner(main, sizes).plan();
    if (failed(plan) || failed(emitRunFunction(main, sizes, *plan)))
      return signalPassFailure();
    emitArenaFunction(module, *plan, main.getLoc());
    if (auto exprs = module->getAttrOfType<AffineMapAttr>("pleat.size_exprs"))
      emitSizesFunction(module, exprs.getValue(), main.getLoc());
    main.erase();
  }
};

} // namespace
