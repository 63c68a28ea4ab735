// Writes the code around the kernels: sizes from dimensions, places from the plan, one
// call a launch. All of it is 64-bit integer arithmetic; none of it depends on the level.
#include "passes/CPU/PlanMemory/RunFunction.h"

#include "passes/Analysis/States.h"
#include "passes/CPU/KernelAbi/KernelAbi.h"
#include "passes/CPU/PlanMemory/SizeFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <map>

using namespace mlir;
using namespace pleat;

namespace {

/// Byte offsets of pleat_frame's fields.
enum FrameField {
  Inputs = 0,
  Outputs = 8,
  Weights = 16,
  Arena = 24,
  Dims = 32,
  Kernels = 40,
  Executor = 48,
  Threads = 56,
  States = 64,
  NextStates = 72,
  Capacities = 80
};

} // namespace

Value pleat::bufferRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto reshape = dyn_cast<ReshapeOp>(op))
      value = reshape.getX();
    else if (auto transposed = dyn_cast<TransposedOp>(op))
      value = transposed.getWeight();
    else if (auto append = dyn_cast<AppendOp>(op))
      value = append.getState();
    else
      break;
  }
  return value;
}

namespace {

/// Emits the body of the run function. Sizes and addresses that hold for the whole run
/// stand at its start (`entry`), so that loops can use them.
class RunEmitter {
public:
  RunEmitter(func::FuncOp run, func::FuncOp main, SizeExprs &sizes, const MemoryPlan &plan)
      : entry(run.getBody()), builder(run.getBody()), loc(main.getLoc()),
        pointer(LLVM::LLVMPointerType::get(run.getContext())), i64(builder.getI64Type()), main(main),
        symbols(main->getParentOfType<ModuleOp>()), frame(run.getArgument(0)), sizeExprs(sizes), plan(plan),
        emitter(entry, loc, loadField(Dims)) {}

  LogicalResult run() {
    int64_t longest = 1;
    main.walk([&](LaunchOp launch) { longest = std::max(longest, slotCount(launch)); });
    Value one = arith::ConstantIntOp::create(entry, loc, 1, 32);
    slots = LLVM::AllocaOp::create(entry, loc, pointer, LLVM::LLVMArrayType::get(i64, longest), one,
                                   kArenaAlignment);
    inputs = loadField(Inputs);
    outputs = loadField(Outputs);
    weights = loadField(Weights);
    arena = loadField(Arena);
    kernels = loadField(Kernels);
    offsets = emitSlotOffsets(entry, loc, emitter, plan);
    scratchBytes = emitScratchBytes(entry, loc, emitter, plan);
    if (scratchBytes)
      scratch = at(entry, arena, offsets.end);
    auto end = func::ReturnOp::create(entry, loc);
    entry.setInsertionPoint(end);
    // Everything for the whole run is laid before this marker, everything else after it.
    Value marker = arith::ConstantIntOp::create(entry, loc, 0, 64);
    entry.setInsertionPoint(marker.getDefiningOp());
    builder.setInsertionPoint(end);
    return emitBlock(main.getBody().front());
  }

  /// Kernels in the order of the table: that of their first launch.
  ArrayRef<Attribute> table() const { return kernelTable; }

private:
  LogicalResult emitBlock(Block &block) {
    for (Operation &op : block) {
      if (auto launch = dyn_cast<LaunchOp>(op)) {
        if (failed(call(launch)))
          return failure();
      } else if (auto repeat = dyn_cast<RepeatOp>(op)) {
        if (failed(loop(repeat)))
          return failure();
      }
    }
    return success();
  }

  /// One loop. A carried value is read from one address and written to another; the two
  /// buffers take turns, and the first iteration reads where the value came from.
  LogicalResult loop(RepeatOp repeat) {
    Block &body = repeat.getBody().front();
    ArrayRef<CarriedBuffers> buffers = plan.carried.at(repeat);
    SmallVector<Value> initial; // per carried value: read, write, other
    for (auto [value, pair] : llvm::zip(repeat.getCarried(), buffers)) {
      initial.push_back(address(value));
      initial.push_back(arenaAddress(pair.slots[0]));
      initial.push_back(arenaAddress(pair.slots[1]));
    }
    Value zero = emitter.constant(0), one = emitter.constant(1), count = emitter.constant(repeat.getCount());
    auto forOp = scf::ForOp::create(builder, loc, zero, count, one, initial);
    OpBuilder::InsertionGuard guard(builder);
    if (!initial.empty())
      builder.setInsertionPointToEnd(forOp.getBody());
    else
      builder.setInsertionPoint(forOp.getBody()->getTerminator());

    DenseMap<Value, Value> outer = addresses;
    auto yield = cast<YieldOp>(body.getTerminator());
    SmallVector<Value> next;
    for (size_t i = 0; i < buffers.size(); ++i) {
      Value read = forOp.getRegionIterArg(3 * i), write = forOp.getRegionIterArg(3 * i + 1),
            other = forOp.getRegionIterArg(3 * i + 2);
      addresses[body.getArgument(i)] = read;
      addresses[bufferRoot(yield.getValues()[i])] = write;
      llvm::append_values(next, write, other, write);
    }
    for (size_t i = buffers.size(); i < body.getNumArguments(); ++i)
      addresses[body.getArgument(i)] = sliceAddress(body.getArgument(i), forOp.getInductionVar());
    for (Value value : yield.getValues().drop_front(buffers.size()))
      addresses[bufferRoot(value)] = sliceAddress(bufferRoot(value), forOp.getInductionVar());
    if (failed(emitBlock(body)))
      return failure();
    if (!initial.empty())
      scf::YieldOp::create(builder, loc, next);
    addresses = std::move(outer);
    for (size_t i = 0; i < buffers.size(); ++i)
      addresses[repeat.getResult(i)] = forOp.getResult(3 * i);
    return success();
  }

  /// The address of iteration `i`'s slice: evenly spaced places of one kind are computed,
  /// others are looked up in a table.
  Value sliceAddress(Value value, Value i) {
    ArrayRef<Place> places = plan.slices.at(value);
    if (!llvm::all_equal(llvm::map_range(places, [](Place place) { return place.kind; })))
      return LLVM::LoadOp::create(builder, loc, pointer, elementAddress(addressTable(places), i));
    int64_t first = places.front().index, step = places.size() > 1 ? places[1].index - first : 0;
    bool even = true;
    for (auto [k, place] : llvm::enumerate(places))
      even &= place.index == first + static_cast<int64_t>(k) * step;
    Value index;
    if (even) {
      Value scaled = arith::MulIOp::create(builder, loc, i, emitter.constant(step));
      index = arith::AddIOp::create(builder, loc, scaled, emitter.constant(first));
    } else {
      index = loadIndex(placeTable(places), i);
    }
    switch (places.front().kind) {
    case Place::Weight:
      return at(builder, weights, index);
    case Place::Input:
      return LLVM::LoadOp::create(builder, loc, pointer, elementAddress(inputs, index));
    case Place::Output:
      return LLVM::LoadOp::create(builder, loc, pointer, elementAddress(outputs, index));
    case Place::State:
      return LLVM::LoadOp::create(builder, loc, pointer, elementAddress(field(States), index));
    case Place::NextState:
      return LLVM::LoadOp::create(builder, loc, pointer, elementAddress(field(NextStates), index));
    case Place::Arena:
      return at(builder, arena, loadIndex(slotOffsetTable(), index));
    }
    llvm_unreachable("all kinds of places are handled");
  }

  Value elementAddress(Value base, Value index) {
    return LLVM::GEPOp::create(builder, loc, pointer, i64, base, ArrayRef<LLVM::GEPArg>{index});
  }

  Value loadIndex(Value table, Value i) {
    return LLVM::LoadOp::create(builder, loc, i64, elementAddress(table, i));
  }

  /// The places' addresses as a table on the stack.
  Value addressTable(ArrayRef<Place> places) {
    Value count = arith::ConstantIntOp::create(entry, loc, places.size(), 32);
    Value table = LLVM::AllocaOp::create(entry, loc, pointer, pointer, count);
    for (auto [i, place] : llvm::enumerate(places)) {
      Value slot = LLVM::GEPOp::create(entry, loc, pointer, pointer, table,
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      LLVM::StoreOp::create(entry, loc, placeAddress(place), slot);
    }
    return table;
  }

  /// A read-only table of the places' indices.
  Value placeTable(ArrayRef<Place> places) {
    SmallVector<int64_t> values;
    for (Place place : places)
      values.push_back(place.index);
    auto module = main->getParentOfType<ModuleOp>();
    OpBuilder atEnd = OpBuilder::atBlockEnd(module.getBody());
    auto type = LLVM::LLVMArrayType::get(i64, values.size());
    std::string name = "pleat_places_" + std::to_string(tableCount++);
    auto data = DenseElementsAttr::get(RankedTensorType::get({static_cast<int64_t>(values.size())}, i64),
                                       ArrayRef<int64_t>(values));
    auto global =
        LLVM::GlobalOp::create(atEnd, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name, data);
    return LLVM::AddressOfOp::create(entry, loc, global);
  }

  /// The arena slots' offsets as a table on the stack, made on first use.
  Value slotOffsetTable() {
    if (offsetTable)
      return offsetTable;
    Value one = arith::ConstantIntOp::create(entry, loc, 1, 32);
    auto type = LLVM::LLVMArrayType::get(i64, std::max<size_t>(offsets.starts.size(), 1));
    offsetTable = LLVM::AllocaOp::create(entry, loc, pointer, type, one, kArenaAlignment);
    for (auto [i, start] : llvm::enumerate(offsets.starts)) {
      Value slot = LLVM::GEPOp::create(entry, loc, pointer, i64, offsetTable,
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      LLVM::StoreOp::create(entry, loc, start, slot);
    }
    return offsetTable;
  }

  Value loadField(FrameField field) {
    return LLVM::LoadOp::create(entry, loc, pointer, byteAddress(frame, field));
  }

  /// A field that not every model looks at, loaded once.
  Value field(FrameField which) {
    Value &known = fields[which];
    if (!known)
      known = loadField(which);
    return known;
  }

  Value byteAddress(Value base, int64_t offset) {
    if (offset == 0)
      return base;
    return LLVM::GEPOp::create(entry, loc, pointer, entry.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  }

  Value at(OpBuilder &where, Value base, Value offset) {
    return LLVM::GEPOp::create(where, loc, pointer, where.getI8Type(), base, ArrayRef<LLVM::GEPArg>{offset});
  }

  Value arenaAddress(unsigned slot) { return at(entry, arena, offsets.starts[slot]); }

  int64_t slotCount(LaunchOp launch) {
    return kernelSlots(symbols.lookup<func::FuncOp>(launch.getKernel())).size();
  }

  /// Rows of a state's buffer.
  Value capacityOf(BlockArgument state) {
    unsigned number = *stateOfArgument(main, state.getArgNumber());
    Value &known = capacities[number];
    if (!known)
      known = LLVM::LoadOp::create(entry, loc, i64, byteAddress(field(Capacities), number * 8));
    return known;
  }

  Value multiply(Value a, Value b) { return arith::MulIOp::create(entry, loc, a, b); }

  /// Where the rows that `append` adds begin: behind those the state holds.
  Value rowsAddress(AppendOp append) {
    Value base = address(append.getState());
    auto shape = sizeExprs.shapeOf(append.getState());
    if (!base || failed(shape))
      return {};
    auto type = cast<RankedTensorType>(append.getState().getType());
    AffineExpr offset = (*shape)[append.getAxis()] * ((type.getElementTypeBitWidth() + 7) / 8);
    for (AffineExpr size : ArrayRef(*shape).drop_front(append.getAxis() + 1))
      offset = offset * size;
    return at(builder, base, emitter.get(offset));
  }

  /// Stores the strides of a tensor that lies in an appended state: as in a dense tensor, but
  /// blocks of rows are as far apart as the state's capacity makes them.
  LogicalResult storeStrides(Value tensor) {
    auto shape = sizeExprs.shapeOf(tensor);
    AppendOp append = appendOf(tensor);
    BlockArgument state = appendedStateBehind(append ? append.getResult() : tensor);
    if (failed(shape) || !state)
      return failure();
    auto stateShape = sizeExprs.shapeOf(state);
    unsigned axis = *statesOf(main)[*stateOfArgument(main, state.getArgNumber())].axis;
    std::optional<unsigned> boundary = append ? rowsBoundary(append, tensor, sizeExprs) : axis;
    if (failed(stateShape) || !boundary)
      return failure();
    SmallVector<Value> strides(shape->size());
    Value stride = emitter.constant(1);
    for (unsigned i = shape->size(); i-- > 0;) {
      if (i + 1 == *boundary) {
        stride = capacityOf(state);
        for (AffineExpr size : ArrayRef(*stateShape).drop_front(axis + 1))
          stride = multiply(stride, emitter.get(size));
      }
      strides[i] = stride;
      stride = multiply(stride, emitter.get((*shape)[i]));
    }
    for (Value value : strides)
      store(value);
    return success();
  }

  Value address(Value tensor) {
    tensor = bufferRoot(tensor);
    if (Value known = addresses.lookup(tensor))
      return known;
    if (AppendOp append = appendOf(tensor))
      return addresses[tensor] = rowsAddress(append);
    auto found = plan.places.find(tensor);
    if (found == plan.places.end()) {
      emitError(tensor.getLoc(), "has no place in memory");
      return {};
    }
    return addresses[tensor] = placeAddress(found->second);
  }

  Value placeAddress(Place place) {
    auto load = [&](Value table) -> Value {
      return LLVM::LoadOp::create(entry, loc, pointer, byteAddress(table, place.index * 8));
    };
    switch (place.kind) {
    case Place::Input:
      return load(inputs);
    case Place::Output:
      return load(outputs);
    case Place::State:
      return load(field(States));
    case Place::NextState:
      return load(field(NextStates));
    case Place::Arena:
      return arenaAddress(place.index);
    case Place::Weight:
      return at(entry, weights, emitter.constant(place.index)); // offsets are 64-bit
    }
    llvm_unreachable("all kinds of places are handled");
  }

  void store(Value value) {
    Value slot = LLVM::GEPOp::create(entry, loc, pointer, i64, slots, ArrayRef<LLVM::GEPArg>{nextSlot++});
    LLVM::StoreOp::create(builder, loc, value, slot);
  }

  LogicalResult storeTensor(Value tensor, bool isStrided) {
    Value base = address(tensor);
    if (!base)
      return failure();
    store(LLVM::PtrToIntOp::create(builder, loc, i64, base));
    auto shape = sizeExprs.shapeOf(tensor);
    if (failed(shape))
      return failure();
    for (auto [size, expr] : llvm::zip(cast<RankedTensorType>(tensor.getType()).getShape(), *shape))
      if (ShapedType::isDynamic(size))
        store(emitter.get(expr));
    return isStrided ? storeStrides(tensor) : success();
  }

  LogicalResult call(LaunchOp launch) {
    auto kernel = symbols.lookup<func::FuncOp>(launch.getKernel());
    nextSlot = 1;
    unsigned position = 0;
    for (Value input : launch.getInputs()) {
      bool isInState = isStrided(kernel, position++);
      if (isa<RankedTensorType>(input.getType())) {
        if (failed(storeTensor(input, isInState)))
          return launch.emitOpError("expects inputs whose sizes follow from the model's dimensions");
        continue;
      }
      auto expr = sizeExprs.of(input);
      if (failed(expr))
        return launch.emitOpError("expects index inputs that follow from the model's dimensions");
      store(emitter.get(*expr));
    }
    for (Value result : launch.getResults())
      if (failed(storeTensor(result, isStrided(kernel, position++))))
        return launch.emitOpError("expects results whose sizes follow from the model's dimensions");
    if (kernel->hasAttr(kScratchAttrName)) {
      store(LLVM::PtrToIntOp::create(builder, loc, i64, scratch));
      store(scratchBytes);
    }

    Value function = LLVM::LoadOp::create(entry, loc, pointer, byteAddress(kernels, tableIndex(launch) * 8));
    if (kernel->hasAttr(kParallelAttrName)) {
      LLVM::CallOp::create(builder, loc, parallelFunction(), ValueRange{frame, function, slots});
      return success();
    }
    LLVM::StoreOp::create(builder, loc, emitter.constant(1), slots);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer, i64});
    LLVM::CallOp::create(builder, loc, type, ValueRange{function, slots, emitter.constant(0)});
    return success();
  }

  int64_t tableIndex(LaunchOp launch) {
    auto *known = llvm::find(kernelTable, launch.getKernelAttr());
    if (known == kernelTable.end()) {
      kernelTable.push_back(launch.getKernelAttr());
      return kernelTable.size() - 1;
    }
    return known - kernelTable.begin();
  }

  /// The runtime's splitter: void pleat_rt_parallel(frame, kernel, slots).
  LLVM::LLVMFuncOp parallelFunction() {
    auto module = main->getParentOfType<ModuleOp>();
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>("pleat_rt_parallel"))
      return known;
    OpBuilder atEnd = OpBuilder::atBlockEnd(module.getBody());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                            {pointer, pointer, pointer});
    return LLVM::LLVMFuncOp::create(atEnd, loc, "pleat_rt_parallel", type);
  }

  OpBuilder entry, builder;
  Location loc;
  Type pointer, i64;
  func::FuncOp main;
  SymbolTable symbols;
  Value frame;
  SizeExprs &sizeExprs;
  const MemoryPlan &plan;
  SizeEmitter emitter;
  Value slots, inputs, outputs, weights, arena, kernels, scratch, scratchBytes, offsetTable;
  SlotOffsets offsets;
  DenseMap<Value, Value> addresses;
  std::map<FrameField, Value> fields;
  DenseMap<unsigned, Value> capacities;
  SmallVector<Attribute> kernelTable;
  unsigned tableCount = 0;
  int32_t nextSlot = 0;
};

} // namespace

LogicalResult pleat::emitRunFunction(func::FuncOp main, SizeExprs &sizes, const MemoryPlan &plan) {
  auto module = main->getParentOfType<ModuleOp>();
  OpBuilder builder(module.getContext());
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  func::FuncOp run = startFunction(builder, module, main.getLoc(), "pleat_run", pointer, {});
  RunEmitter emitter(run, main, sizes, plan);
  if (failed(emitter.run()))
    return failure();
  module->setAttr("pleat.kernels", builder.getArrayAttr(emitter.table()));
  return success();
}

FailureOr<SmallVector<AffineExpr>> pleat::scratchOf(LaunchOp launch, func::FuncOp kernel, SizeExprs &sizes) {
  auto map = kernel->getAttrOfType<AffineMapAttr>(kScratchAttrName);
  if (!map)
    return SmallVector<AffineExpr>();
  SmallVector<AffineExpr> dynamic;
  auto add = [&](Value tensor) -> LogicalResult {
    auto type = dyn_cast<RankedTensorType>(tensor.getType());
    if (!type) {
      auto index = sizes.of(tensor);
      if (succeeded(index))
        dynamic.push_back(*index);
      return index;
    }
    auto shape = sizes.shapeOf(tensor);
    if (failed(shape))
      return failure();
    for (auto [size, expr] : llvm::zip(type.getShape(), *shape))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(expr);
    return success();
  };
  for (Value value :
       llvm::concat<Value>(SmallVector<Value>(launch.getInputs()), SmallVector<Value>(launch.getResults())))
    if (failed(add(value)))
      return failure();
  AffineMap scratch = map.getValue();
  ArrayRef<AffineExpr> all(dynamic);
  SmallVector<AffineExpr> bytes;
  for (AffineExpr result : scratch.getResults())
    bytes.push_back(result.replaceDimsAndSymbols(all.take_front(scratch.getNumDims()),
                                                 all.drop_front(scratch.getNumDims())));
  return bytes;
}
