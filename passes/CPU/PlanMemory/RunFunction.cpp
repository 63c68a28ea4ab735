// Writes the code around the kernels: sizes from dimensions, places from the plan, one
// call a launch. All of it is 64-bit integer arithmetic; none of it depends on the level.
#include "passes/CPU/PlanMemory/RunFunction.h"

#include "passes/CPU/KernelAbi/KernelAbi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace pleat;

namespace {

/// Byte offsets of pleat_frame's fields.
enum FrameField { Inputs = 0, Outputs = 8, Weights = 16, Arena = 24, Dims = 32, Kernels = 40, Executor = 48, Threads = 56 };

constexpr int64_t alignment = 64;

/// Emits i64 values of size expressions, each once.
class SizeEmitter {
public:
  SizeEmitter(OpBuilder &builder, Location loc, Value dims) : builder(builder), loc(loc), dims(dims) {}

  Value constant(int64_t value) { return arith::ConstantIntOp::create(builder, loc, value, 64); }

  Value get(AffineExpr expr) {
    if (Value known = made.lookup(expr))
      return known;
    Value value = make(expr);
    made[expr] = value;
    return value;
  }

  /// The expression's value rounded up to the arena's alignment.
  Value aligned(Value bytes) {
    Value up = arith::AddIOp::create(builder, loc, bytes, constant(alignment - 1));
    return arith::AndIOp::create(builder, loc, up, constant(-alignment));
  }

private:
  Value make(AffineExpr expr) {
    if (auto literal = dyn_cast<AffineConstantExpr>(expr))
      return constant(literal.getValue());
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
      Type i64 = builder.getI64Type(), pointer = LLVM::LLVMPointerType::get(builder.getContext());
      Value address = LLVM::GEPOp::create(builder, loc, pointer, i64, dims,
                                          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(symbol.getPosition())});
      return LLVM::LoadOp::create(builder, loc, i64, address);
    }
    auto binary = cast<AffineBinaryOpExpr>(expr);
    Value lhs = get(binary.getLHS()), rhs = get(binary.getRHS());
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return arith::AddIOp::create(builder, loc, lhs, rhs);
    case AffineExprKind::Mul:
      return arith::MulIOp::create(builder, loc, lhs, rhs);
    case AffineExprKind::FloorDiv:
      return arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
    case AffineExprKind::CeilDiv:
      return arith::CeilDivSIOp::create(builder, loc, lhs, rhs);
    default:
      return arith::RemSIOp::create(builder, loc, lhs, rhs);
    }
  }

  OpBuilder &builder;
  Location loc;
  Value dims;
  DenseMap<AffineExpr, Value> made;
};

/// Offsets of the arena's slots, and their end.
struct SlotOffsets {
  SmallVector<Value> starts;
  Value end;
};

SlotOffsets emitSlotOffsets(OpBuilder &builder, Location loc, SizeEmitter &sizes, const MemoryPlan &plan) {
  SlotOffsets offsets;
  offsets.end = sizes.constant(0);
  for (ArrayRef<AffineExpr> values : plan.slots) {
    offsets.starts.push_back(offsets.end);
    Value largest = sizes.get(values.front());
    for (AffineExpr bytes : values.drop_front())
      largest = arith::MaxSIOp::create(builder, loc, largest, sizes.get(bytes));
    offsets.end = arith::AddIOp::create(builder, loc, offsets.end, sizes.aligned(largest));
  }
  return offsets;
}

/// The largest scratch any launch asks for, for one part; null if none does.
Value emitScratchBytes(OpBuilder &builder, Location loc, SizeEmitter &sizes, const MemoryPlan &plan) {
  Value largest;
  for (AffineExpr bytes : plan.scratch) {
    Value value = sizes.get(bytes);
    largest = largest ? arith::MaxSIOp::create(builder, loc, largest, value).getResult() : value;
  }
  return largest ? sizes.aligned(largest) : Value();
}

/// Emits the body of the run function.
class RunEmitter {
public:
  RunEmitter(OpBuilder &builder, func::FuncOp main, Value frame, SizeExprs &sizes, const MemoryPlan &plan)
      : builder(builder), loc(main.getLoc()), pointer(LLVM::LLVMPointerType::get(builder.getContext())),
        i64(builder.getI64Type()), main(main), symbols(main->getParentOfType<ModuleOp>()), frame(frame),
        sizeExprs(sizes), plan(plan), emitter(builder, loc, loadField(Dims)) {}

  LogicalResult run() {
    SmallVector<LaunchOp> launches(main.getOps<LaunchOp>());
    int64_t longest = 1;
    for (LaunchOp launch : launches)
      longest = std::max(longest, slotCount(launch));
    Value one = arith::ConstantIntOp::create(builder, loc, 1, 32);
    slots = LLVM::AllocaOp::create(builder, loc, pointer, LLVM::LLVMArrayType::get(i64, longest), one, alignment);
    inputs = loadField(Inputs);
    outputs = loadField(Outputs);
    weights = loadField(Weights);
    arena = loadField(Arena);
    kernels = loadField(Kernels);
    offsets = emitSlotOffsets(builder, loc, emitter, plan);
    scratchBytes = emitScratchBytes(builder, loc, emitter, plan);
    if (scratchBytes)
      scratch = at(arena, offsets.end);
    for (LaunchOp launch : launches)
      if (failed(call(launch)))
        return failure();
    return success();
  }

  /// Kernels in the order of the table: that of their first launch.
  ArrayRef<Attribute> table() const { return kernelTable; }

private:
  Value loadField(FrameField field) {
    return LLVM::LoadOp::create(builder, loc, pointer, byteAddress(frame, field));
  }

  Value byteAddress(Value base, int64_t offset) {
    if (offset == 0)
      return base;
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  }

  Value at(Value base, Value offset) {
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base, ArrayRef<LLVM::GEPArg>{offset});
  }

  int64_t slotCount(LaunchOp launch) {
    int64_t count = 1;
    auto add = [&](Type type) {
      count += 1;
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        count += tensor.getNumDynamicDims();
    };
    llvm::for_each(launch.getInputs().getTypes(), add);
    llvm::for_each(launch.getResultTypes(), add);
    return count + 2; // scratch
  }

  func::FuncOp kernelOf(LaunchOp launch) { return symbols.lookup<func::FuncOp>(launch.getKernel()); }

  Value address(Value tensor) {
    while (Operation *op = tensor.getDefiningOp()) {
      if (auto reshape = dyn_cast<ReshapeOp>(op))
        tensor = reshape.getX();
      else if (auto transposed = dyn_cast<TransposedOp>(op))
        tensor = transposed.getWeight();
      else
        break;
    }
    if (Value known = addresses.lookup(tensor))
      return known;
    Place place = plan.places.at(tensor);
    Value result;
    switch (place.kind) {
    case Place::Input:
      result = LLVM::LoadOp::create(builder, loc, pointer, byteAddress(inputs, place.index * 8));
      break;
    case Place::Output:
      result = LLVM::LoadOp::create(builder, loc, pointer, byteAddress(outputs, place.index * 8));
      break;
    case Place::Arena:
      result = at(arena, offsets.starts[place.index]);
      break;
    case Place::Weight:
      result = at(weights, emitter.constant(place.index)); // offsets are 64-bit
      break;
    }
    return addresses[tensor] = result;
  }

  void store(Value value) {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, i64, slots, ArrayRef<LLVM::GEPArg>{nextSlot++});
    LLVM::StoreOp::create(builder, loc, value, slot);
  }

  LogicalResult storeTensor(Value tensor) {
    store(LLVM::PtrToIntOp::create(builder, loc, i64, address(tensor)));
    auto shape = sizeExprs.shapeOf(tensor);
    if (failed(shape))
      return failure();
    for (auto [size, expr] : llvm::zip(cast<RankedTensorType>(tensor.getType()).getShape(), *shape))
      if (ShapedType::isDynamic(size))
        store(emitter.get(expr));
    return success();
  }

  LogicalResult call(LaunchOp launch) {
    func::FuncOp kernel = kernelOf(launch);
    nextSlot = 1;
    for (Value input : launch.getInputs()) {
      if (isa<RankedTensorType>(input.getType())) {
        if (failed(storeTensor(input)))
          return launch.emitOpError("expects inputs whose sizes follow from the model's dimensions");
        continue;
      }
      auto expr = sizeExprs.of(input);
      if (failed(expr))
        return launch.emitOpError("expects index inputs that follow from the model's dimensions");
      store(emitter.get(*expr));
    }
    for (Value result : launch.getResults())
      if (failed(storeTensor(result)))
        return launch.emitOpError("expects results whose sizes follow from the model's dimensions");
    if (kernel->hasAttr(kScratchAttrName)) {
      store(LLVM::PtrToIntOp::create(builder, loc, i64, scratch));
      store(scratchBytes);
    }

    Value entry = LLVM::LoadOp::create(builder, loc, pointer, byteAddress(kernels, tableIndex(launch) * 8));
    if (kernel->hasAttr(kParallelAttrName)) {
      LLVM::CallOp::create(builder, loc, parallelFunction(), ValueRange{frame, entry, slots});
      return success();
    }
    LLVM::StoreOp::create(builder, loc, emitter.constant(1), slots);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer, i64});
    LLVM::CallOp::create(builder, loc, type, ValueRange{entry, slots, emitter.constant(0)});
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
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(module.getBody());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                            {pointer, pointer, pointer});
    return LLVM::LLVMFuncOp::create(builder, loc, "pleat_rt_parallel", type);
  }

  OpBuilder &builder;
  Location loc;
  Type pointer, i64;
  func::FuncOp main;
  SymbolTable symbols;
  Value frame;
  SizeExprs &sizeExprs;
  const MemoryPlan &plan;
  SizeEmitter emitter;
  Value slots, inputs, outputs, weights, arena, kernels, scratch, scratchBytes;
  SlotOffsets offsets;
  DenseMap<Value, Value> addresses;
  SmallVector<Attribute> kernelTable;
  int32_t nextSlot = 0;
};

/// An empty function of ours with the builder in its body.
func::FuncOp startFunction(OpBuilder &builder, ModuleOp module, Location loc, StringRef name, TypeRange arguments,
                           TypeRange results) {
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(arguments, results));
  builder.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

} // namespace

LogicalResult pleat::emitRunFunction(func::FuncOp main, SizeExprs &sizes, const MemoryPlan &plan) {
  auto module = main->getParentOfType<ModuleOp>();
  OpBuilder builder(module.getContext());
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  func::FuncOp run = startFunction(builder, module, main.getLoc(), "pleat_run", pointer, {});
  RunEmitter emitter(builder, main, run.getArgument(0), sizes, plan);
  if (failed(emitter.run()))
    return failure();
  func::ReturnOp::create(builder, main.getLoc());
  module->setAttr("pleat.kernels", builder.getArrayAttr(emitter.table()));
  return success();
}

void pleat::emitArenaFunction(ModuleOp module, const MemoryPlan &plan, Location loc) {
  OpBuilder builder(module.getContext());
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext()), i64 = builder.getI64Type();
  func::FuncOp function = startFunction(builder, module, loc, "pleat_arena_bytes", {pointer, i64}, i64);
  SizeEmitter sizes(builder, loc, function.getArgument(0));
  Value bytes = emitSlotOffsets(builder, loc, sizes, plan).end;
  if (Value scratch = emitScratchBytes(builder, loc, sizes, plan)) {
    Value all = arith::MulIOp::create(builder, loc, scratch, function.getArgument(1));
    bytes = arith::AddIOp::create(builder, loc, bytes, all);
  }
  func::ReturnOp::create(builder, loc, bytes);
}

void pleat::emitSizesFunction(ModuleOp module, AffineMap exprs, Location loc) {
  OpBuilder builder(module.getContext());
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  func::FuncOp function = startFunction(builder, module, loc, "pleat_eval_sizes", {pointer, pointer}, {});
  SizeEmitter sizes(builder, loc, function.getArgument(0));
  for (auto [i, expr] : llvm::enumerate(exprs.getResults())) {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), function.getArgument(1),
                                     ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    LLVM::StoreOp::create(builder, loc, sizes.get(expr), slot);
  }
  func::ReturnOp::create(builder, loc);
}

FailureOr<AffineExpr> pleat::scratchOf(LaunchOp launch, func::FuncOp kernel, SizeExprs &sizes) {
  auto map = kernel->getAttrOfType<AffineMapAttr>(kScratchAttrName);
  if (!map)
    return AffineExpr();
  SmallVector<AffineExpr> dynamic;
  auto add = [&](Value tensor) -> LogicalResult {
    auto type = dyn_cast<RankedTensorType>(tensor.getType());
    if (!type)
      return success();
    auto shape = sizes.shapeOf(tensor);
    if (failed(shape))
      return failure();
    for (auto [size, expr] : llvm::zip(type.getShape(), *shape))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(expr);
    return success();
  };
  for (Value value : llvm::concat<Value>(SmallVector<Value>(launch.getInputs()), SmallVector<Value>(launch.getResults())))
    if (failed(add(value)))
      return failure();
  AffineMap scratch = map.getValue();
  ArrayRef<AffineExpr> all(dynamic);
  return scratch.getResult(0).replaceDimsAndSymbols(all.take_front(scratch.getNumDims()),
                                                    all.drop_front(scratch.getNumDims()));
}
