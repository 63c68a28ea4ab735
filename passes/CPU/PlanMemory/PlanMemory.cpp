// Decides where every value of main lives, then hands over to the function builders.
#include "passes/CPU/PlanMemory/PlanMemory.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/Analysis/States.h"
#include "passes/CPU/PlanMemory/ArenaSlots.h"
#include "passes/CPU/PlanMemory/RunFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SmallBitVector.h"
#include <functional>

namespace pleat {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/CPU/PlanMemory/PlanMemory.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// Sizes that unbounded dimensions are given to decide who shares a slot. Any value is
/// correct; a typical one shares well.
static constexpr int64_t typicalDimension = 64;

static int64_t elementBytes(Type tensor) {
  return (cast<RankedTensorType>(tensor).getElementTypeBitWidth() + 7) / 8;
}

/// A collected value needs memory in every iteration, also where nothing reads it.
static void nameUnreadSlices(func::FuncOp main) {
  main.walk([](RepeatOp repeat) {
    OpBuilder builder(repeat->getContext());
    builder.setInsertionPointAfter(repeat);
    for (Value collected : repeat.getResults().drop_front(repeat.getCarried().size())) {
      llvm::SmallBitVector isRead(repeat.getCount());
      for (Operation *user : collected.getUsers())
        if (auto slice = dyn_cast<UnstackOp>(user))
          isRead.set(slice.getIndex());
      auto type = cast<RankedTensorType>(collected.getType());
      auto sliceType = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
      for (int64_t i = 0; i < static_cast<int64_t>(repeat.getCount()); ++i)
        if (!isRead[i])
          UnstackOp::create(builder, repeat.getLoc(), sliceType, collected, i);
    }
  });
}

namespace {

class Planner {
public:
  Planner(func::FuncOp main, SizeExprs &sizes) : main(main), sizes(sizes) {
    int64_t step = 0;
    main.walk<WalkOrder::PreOrder>([&](Operation *op) { begins[op] = step++; });
    // An op ends with the last op inside it.
    main.walk([&](Operation *op) {
      ends[op] = begins[op];
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (Operation &inner : block)
            ends[op] = std::max(ends[op], ends[&inner]);
    });
  }

  FailureOr<MemoryPlan> plan() {
    if (failed(placeInterface()) || failed(placeWeights()) || failed(requestBuffers()))
      return failure();
    assignRequests();
    if (failed(placeSlices()) || failed(collectScratch()))
      return failure();
    return std::move(result);
  }

private:
  /// A buffer of the arena that is wanted, and who is told its slot.
  struct Request {
    Lifetime lifetime;
    AffineExpr bytes;
    std::function<void(unsigned slot)> assign;
  };

  /// The host's inputs and outputs are counted without the states. A replaced state is read
  /// in one buffer and written to another, an appended one lives in a single buffer.
  LogicalResult placeInterface() {
    DenseMap<unsigned, Place> states; // by result
    int64_t next = 0, inputs = 0, outputs = 0;
    for (const State &state : statesOf(main)) {
      result.places[main.getArgument(state.argument)] = {Place::State, next};
      states[state.result] = {state.axis ? Place::State : Place::NextState, next++};
    }
    for (BlockArgument argument : main.getArguments())
      if (!result.places.contains(argument))
        result.places[argument] = {Place::Input, inputs++};
    Operation *terminator = main.getBody().front().getTerminator();
    for (OpOperand &operand : terminator->getOpOperands()) {
      auto state = states.find(operand.getOperandNumber());
      Place place = state == states.end() ? Place{Place::Output, outputs++} : state->second;
      bool isNew = result.places.try_emplace(bufferRoot(operand.get()), place).second;
      if (!isNew && place.kind != Place::State)
        return terminator->emitOpError("expects a value of its own for each result, but result ")
               << operand.getOperandNumber() << " has a buffer already; see pass FormKernels";
    }
    return success();
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

  LogicalResult requestBuffers() {
    LogicalResult status = success();
    main.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (failed(status))
        return;
      if (auto repeat = dyn_cast<RepeatOp>(op))
        status = requestCarried(repeat);
      else if (auto launch = dyn_cast<LaunchOp>(op))
        for (Value value : launch.getResults())
          if (succeeded(status) && !isYielded(value) && !appendOf(value))
            status = request(value, begins[op], lastUse(value));
    });
    return status;
  }

  /// Whether the buffer of `value` is a matter of the repeat around it.
  bool isYielded(Value value) {
    auto yield = dyn_cast<YieldOp>(value.getParentBlock()->getTerminator());
    return yield && llvm::any_of(yield.getValues(), [&](Value v) { return bufferRoot(v) == value; });
  }

  LogicalResult requestCarried(RepeatOp repeat) {
    DenseSet<Value> roots;
    for (Value value : repeat.getBody().front().getTerminator()->getOperands())
      if (!value.getDefiningOp<AppendOp>() && !roots.insert(bufferRoot(value)).second)
        return repeat.emitOpError("expects a value of its own for each result; see pass FormKernels");
    auto &buffers = result.carried[repeat];
    size_t count = repeat.getCarried().size();
    buffers.resize(count);
    for (size_t i = 0; i < count; ++i)
      for (int side : {0, 1}) {
        auto assign = [this, repeat, i, side](unsigned slot) {
          result.carried[repeat][i].slots[side] = slot;
        };
        int64_t last = std::max(ends[repeat], lastUse(repeat.getResult(i)));
        if (failed(request(repeat.getCarried()[i], begins[repeat], last, assign)))
          return failure();
      }
    // Collected values that the host does not receive wait in buffers of their own.
    for (Value collected : repeat.getResults().drop_front(count))
      for (Operation *user : collected.getUsers()) {
        auto slice = dyn_cast<UnstackOp>(user);
        if (!slice)
          return repeat.emitOpError("expects collected values to be read by 'pleat.unstack' alone");
        if (failed(request(slice.getResult(), begins[repeat], lastUse(slice.getResult()))))
          return failure();
      }
    return success();
  }

  LogicalResult request(Value value, int64_t first, int64_t last, std::function<void(unsigned)> assign = {}) {
    if (!assign && result.places.contains(value))
      return success();
    auto elements = sizes.elementsOf(value);
    if (failed(elements))
      return emitError(value.getLoc(), "expects sizes that follow from the model's dimensions");
    AffineExpr bytes = *elements * elementBytes(value.getType());
    SmallVector<int64_t> typical(sizes.dims().size(), typicalDimension);
    if (!assign)
      assign = [this, value](unsigned slot) { result.places[value] = {Place::Arena, slot}; };
    requests.push_back({{first, last, evaluateSize(bytes, typical).value_or(0)}, bytes, assign});
    return success();
  }

  void assignRequests() {
    SmallVector<Lifetime> lifetimes; // in order of their begin, as the walk made them
    for (const Request &request : requests)
      lifetimes.push_back(request.lifetime);
    for (auto [request, slot] : llvm::zip(requests, assignSlots(lifetimes))) {
      request.assign(slot);
      if (slot == result.slots.size())
        result.slots.emplace_back();
      if (!llvm::is_contained(result.slots[slot], request.bytes))
        result.slots[slot].push_back(request.bytes);
    }
  }

  /// The last step that reads `value`. A value from outside a repeat is read until the
  /// repeat's last iteration ends.
  int64_t lastUse(Value value) {
    int64_t last = value.getDefiningOp() ? begins[value.getDefiningOp()] : 0;
    for (Operation *user : value.getUsers()) {
      Operation *inBlock = value.getParentBlock()->findAncestorOpInBlock(*user);
      last = std::max(last, ends[inBlock]);
      if (isa<ReshapeOp, TransposedOp, StackOp>(user))
        last = std::max(last, lastUse(user->getResult(0)));
    }
    return last;
  }

  LogicalResult placeSlices() {
    LogicalResult status = success();
    main.walk([&](RepeatOp repeat) {
      if (succeeded(status))
        status = placeSlices(repeat);
    });
    return status;
  }

  LogicalResult placeSlices(RepeatOp repeat) {
    Block &body = repeat.getBody().front();
    size_t carried = repeat.getCarried().size();
    for (auto [i, operand] : llvm::enumerate(repeat.getStacked())) {
      auto stack = operand.getDefiningOp<StackOp>();
      if (!stack)
        return repeat.emitOpError("expects each stacked operand to be a 'pleat.stack'");
      SmallVector<Place> places;
      for (Value value : stack.getValues())
        places.push_back(result.places.lookup(bufferRoot(value)));
      if (failed(addSlices(repeat, body.getArgument(carried + i), places)))
        return failure();
    }
    auto yield = cast<YieldOp>(body.getTerminator());
    for (size_t i = carried; i < repeat.getNumResults(); ++i) {
      SmallVector<Place> places(repeat.getCount(), Place{Place::Arena, -1});
      for (Operation *user : repeat.getResult(i).getUsers()) {
        auto slice = cast<UnstackOp>(user);
        places[slice.getIndex()] = result.places.lookup(slice.getResult());
      }
      if (failed(addSlices(repeat, bufferRoot(yield.getValues()[i]), places)))
        return failure();
    }
    return success();
  }

  LogicalResult addSlices(RepeatOp repeat, Value value, ArrayRef<Place> places) {
    // What a body appends to a slice is yielded where the slice lies.
    auto [known, isNew] = result.slices.try_emplace(value, places.begin(), places.end());
    bool isSame = llvm::all_of(llvm::zip(known->second, places), [](auto pair) {
      return std::get<0>(pair).index == std::get<1>(pair).index &&
             std::get<0>(pair).kind == std::get<1>(pair).kind;
    });
    if (!isSame)
      return repeat.emitOpError("expects each slice of a state to be yielded in its own place");
    return success();
  }

  LogicalResult collectScratch() {
    SymbolTable symbols(main->getParentOfType<ModuleOp>());
    LogicalResult status = success();
    main.walk([&](LaunchOp launch) {
      auto bytes = scratchOf(launch, symbols.lookup<func::FuncOp>(launch.getKernel()), sizes);
      if (failed(bytes)) {
        status = launch.emitOpError("expects operands whose sizes follow from the model's dimensions");
        return;
      }
      for (AffineExpr expr : *bytes)
        if (!llvm::is_contained(result.scratch, expr))
          result.scratch.push_back(expr);
    });
    return status;
  }

  func::FuncOp main;
  SizeExprs &sizes;
  DenseMap<Operation *, int64_t> begins, ends;
  std::vector<Request> requests;
  MemoryPlan result;
};

class PlanMemoryPass : public pleat::impl::PlanMemoryBase<PlanMemoryPass> {
public:
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    nameUnreadSlices(main);
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
