/// Folding index arithmetic, vector accesses and structured control flow for emitters.
#include "passes/CPU/Utils/KernelBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace pleat;

// Offsets never wrap, and saying so lets the backend turn them into address operands.
static constexpr auto kNoWrap = arith::IntegerOverflowFlags::nsw | arith::IntegerOverflowFlags::nuw;

Value KernelBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(*this, value); }

Value KernelBuilder::add(Value lhs, Value rhs) { return createOrFold<arith::AddIOp>(lhs, rhs, kNoWrap); }
Value KernelBuilder::sub(Value lhs, Value rhs) { return createOrFold<arith::SubIOp>(lhs, rhs, kNoWrap); }
Value KernelBuilder::mul(Value lhs, Value rhs) { return createOrFold<arith::MulIOp>(lhs, rhs, kNoWrap); }
Value KernelBuilder::div(Value lhs, Value rhs) { return createOrFold<arith::DivUIOp>(lhs, rhs); }
Value KernelBuilder::rem(Value lhs, Value rhs) { return createOrFold<arith::RemUIOp>(lhs, rhs); }
Value KernelBuilder::ceilDiv(Value lhs, Value rhs) { return createOrFold<arith::CeilDivUIOp>(lhs, rhs); }
Value KernelBuilder::min(Value lhs, Value rhs) { return createOrFold<arith::MinUIOp>(lhs, rhs); }
Value KernelBuilder::max(Value lhs, Value rhs) { return createOrFold<arith::MaxUIOp>(lhs, rhs); }

Value KernelBuilder::subOrZero(Value lhs, Value rhs) { return sub(max(lhs, rhs), rhs); }

Value KernelBuilder::compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
  return createOrFold<arith::CmpIOp>(predicate, lhs, rhs);
}

Value KernelBuilder::select(Value condition, Value whenTrue, Value whenFalse) {
  return createOrFold<arith::SelectOp>(condition, whenTrue, whenFalse);
}

Value KernelBuilder::splat(float value) {
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(vectorType(), value));
}

Value KernelBuilder::broadcast(Value scalar) {
  return vector::BroadcastOp::create(*this, vectorType(), scalar);
}

Value KernelBuilder::fma(Value a, Value b, Value c) {
  // Not vector.fma: that becomes fmuladd, which may round twice.
  return math::FmaOp::create(*this, a, b, c);
}

Value KernelBuilder::mask(int64_t count) {
  SmallVector<bool> bits(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    bits[lane] = lane < count;
  auto type = VectorType::get({lanes}, getI1Type());
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(type, bits));
}

Value KernelBuilder::mask(Value count) {
  if (auto constant = getConstantIntValue(count))
    return mask(*constant);
  // By hand: vector.create_mask has no lowering in convert-to-llvm, and truncates its bound.
  auto type = VectorType::get({lanes}, getI32Type());
  SmallVector<int32_t> laneNumbers = llvm::to_vector(llvm::seq<int32_t>(lanes));
  Value numbers = arith::ConstantOp::create(*this, DenseElementsAttr::get(type, ArrayRef(laneNumbers)));
  Value bound = arith::IndexCastUIOp::create(*this, getI32Type(), min(count, index(lanes)));
  Value bounds = vector::BroadcastOp::create(*this, type, bound);
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, numbers, bounds);
}

Value KernelBuilder::anyLane(Value mask) {
  return vector::ReductionOp::create(*this, vector::CombiningKind::OR, mask);
}

Value KernelBuilder::halve(Value vector, function_ref<Value(Value, Value)> combine) {
  for (int64_t width = lanes / 2; width >= 1; width /= 2) {
    SmallVector<int64_t> low = llvm::to_vector(llvm::seq<int64_t>(0, width));
    SmallVector<int64_t> high = llvm::to_vector(llvm::seq<int64_t>(width, 2 * width));
    vector = combine(vector::ShuffleOp::create(*this, vector, vector, low),
                     vector::ShuffleOp::create(*this, vector, vector, high));
  }
  return vector::ExtractOp::create(*this, vector, 0);
}

Value KernelBuilder::sumOfLanes(Value vector) {
  return halve(vector,
               [&](Value low, Value high) { return arith::AddFOp::create(*this, low, high).getResult(); });
}

Value KernelBuilder::maxOfLanes(Value vector) {
  return halve(vector, [&](Value low, Value high) { return maxps(low, high); });
}

Value KernelBuilder::maxps(Value lhs, Value rhs) {
  Value greater = arith::CmpFOp::create(*this, arith::CmpFPredicate::OGT, lhs, rhs);
  return arith::SelectOp::create(*this, greater, lhs, rhs);
}

Value KernelBuilder::loadScalar(Value memory, Value offset) {
  return memref::LoadOp::create(*this, memory, offset);
}

void KernelBuilder::storeScalar(Value value, Value memory, Value offset) {
  memref::StoreOp::create(*this, value, memory, offset);
}

Value KernelBuilder::load(Value memory, Value offset) {
  return vector::LoadOp::create(*this, vectorType(), memory, offset);
}

Value KernelBuilder::load(Value memory, Value offset, int64_t count) {
  return load(memory, offset, index(count));
}

Value KernelBuilder::load(Value memory, Value offset, Value count) {
  if (auto constant = getConstantIntValue(count); constant && *constant >= lanes)
    return load(memory, offset);
  return vector::MaskedLoadOp::create(*this, vectorType(), memory, offset, mask(count), splat(0));
}

void KernelBuilder::store(Value vector, Value memory, Value offset) {
  vector::StoreOp::create(*this, vector, memory, offset);
}

void KernelBuilder::store(Value vector, Value memory, Value offset, int64_t count) {
  store(vector, memory, offset, index(count));
}

void KernelBuilder::store(Value vector, Value memory, Value offset, Value count) {
  auto constant = getConstantIntValue(count);
  if (constant && *constant >= lanes)
    store(vector, memory, offset);
  else if (!constant || *constant > 0)
    vector::MaskedStoreOp::create(*this, memory, offset, mask(count), vector);
}

void KernelBuilder::prefetch(Value memory, Value offset) {
  memref::PrefetchOp::create(*this, memory, offset, /*isWrite=*/false, /*localityHint=*/2,
                             /*isDataCache=*/true);
}

SmallVector<Value> KernelBuilder::loop(Value lower, Value upper, int64_t step, ValueRange inits,
                                       LoopBody body) {
  auto loop = scf::ForOp::create(*this, lower, upper, index(step), inits);
  OpBuilder::InsertionGuard guard(*this);
  // Without carried values the op comes with its yield; with them, without.
  if (inits.empty()) {
    setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVar(), {});
    return {};
  }
  setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(*this, next);
  return SmallVector<Value>(loop.getResults());
}

void KernelBuilder::loop(Value lower, Value upper, int64_t step, function_ref<void(Value)> body) {
  loop(lower, upper, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

SmallVector<Value> KernelBuilder::loopWhile(ValueRange inits, Condition condition, Step body) {
  auto loop = scf::WhileOp::create(
      *this, inits.getTypes(), inits,
      [&](OpBuilder &nested, Location, ValueRange carried) {
        InsertionGuard guard(*this);
        restoreInsertionPoint(nested.saveInsertionPoint());
        Value goesOn = condition(carried);
        scf::ConditionOp::create(*this, goesOn, carried);
      },
      [&](OpBuilder &nested, Location, ValueRange carried) {
        InsertionGuard guard(*this);
        restoreInsertionPoint(nested.saveInsertionPoint());
        SmallVector<Value> next = body(carried);
        scf::YieldOp::create(*this, next);
      });
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> KernelBuilder::ifElse(Value condition, TypeRange types, Branch whenTrue,
                                         Branch whenFalse) {
  if (auto constant = getConstantIntValue(condition))
    return *constant ? whenTrue() : whenFalse();
  auto branch = scf::IfOp::create(*this, types, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(*this);
  for (auto [block, emit] :
       {std::pair(branch.thenBlock(), whenTrue), std::pair(branch.elseBlock(), whenFalse)}) {
    setInsertionPointToEnd(block);
    SmallVector<Value> values = emit();
    scf::YieldOp::create(*this, values);
  }
  return SmallVector<Value>(branch.getResults());
}

void KernelBuilder::ifElse(Value condition, function_ref<void()> whenTrue, function_ref<void()> whenFalse) {
  auto asBranch = [](function_ref<void()> emit) {
    return [emit] {
      emit();
      return SmallVector<Value>();
    };
  };
  ifElse(condition, TypeRange(), asBranch(whenTrue), asBranch(whenFalse));
}

void KernelBuilder::switchOn(Value selector, ArrayRef<int64_t> cases, function_ref<void(int64_t)> body) {
  if (auto constant = getConstantIntValue(selector)) {
    if (llvm::is_contained(cases, *constant))
      body(*constant);
    return;
  }
  auto choice = scf::IndexSwitchOp::create(*this, TypeRange(), selector, cases, cases.size());
  OpBuilder::InsertionGuard guard(*this);
  createBlock(&choice.getDefaultRegion());
  scf::YieldOp::create(*this);
  for (auto [region, value] : llvm::zip(choice.getCaseRegions(), cases)) {
    createBlock(&region);
    body(value);
    scf::YieldOp::create(*this);
  }
}
