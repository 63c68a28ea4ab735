// Arithmetic on sizes, and the functions that consist of nothing else.
#include "passes/CPU/PlanMemory/SizeFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace pleat;

Value SizeEmitter::constant(int64_t value) { return arith::ConstantIntOp::create(builder, loc, value, 64); }

void SizeEmitter::define(AffineExpr symbol, bool isMinimum, AffineExpr first, AffineExpr second) {
  Value a = get(first), b = get(second);
  made[symbol] = isMinimum ? arith::MinSIOp::create(builder, loc, a, b).getResult()
                           : arith::MaxSIOp::create(builder, loc, a, b).getResult();
}

Value SizeEmitter::get(AffineExpr expr) {
  if (Value known = made.lookup(expr))
    return known;
  Value value = make(expr);
  made[expr] = value;
  return value;
}

Value SizeEmitter::aligned(Value bytes) {
  Value up = arith::AddIOp::create(builder, loc, bytes, constant(kArenaAlignment - 1));
  return arith::AndIOp::create(builder, loc, up, constant(-kArenaAlignment));
}

Value SizeEmitter::make(AffineExpr expr) {
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
  bool isQuotient = expr.getKind() != AffineExprKind::Add && expr.getKind() != AffineExprKind::Mul;
  if (isQuotient && !isa<AffineConstantExpr>(binary.getRHS())) // a size of 0 must not trap
    rhs = arith::MaxSIOp::create(builder, loc, rhs, constant(1));
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

SlotOffsets pleat::emitSlotOffsets(OpBuilder &builder, Location loc, SizeEmitter &sizes,
                                   const MemoryPlan &plan) {
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

Value pleat::emitScratchBytes(OpBuilder &builder, Location loc, SizeEmitter &sizes, const MemoryPlan &plan) {
  Value largest;
  for (AffineExpr bytes : plan.scratch) {
    Value value = sizes.get(bytes);
    largest = largest ? arith::MaxSIOp::create(builder, loc, largest, value).getResult() : value;
  }
  return largest ? sizes.aligned(largest) : Value();
}

func::FuncOp pleat::startFunction(OpBuilder &builder, ModuleOp module, Location loc, StringRef name,
                                  TypeRange arguments, TypeRange results) {
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(arguments, results));
  builder.setInsertionPointToStart(function.addEntryBlock());
  return function;
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

  // The same as data, for the manifest.
  auto mapOf = [&](ArrayRef<AffineExpr> exprs) -> Attribute {
    unsigned symbols = 0;
    for (AffineExpr expr : exprs)
      expr.walk([&](AffineExpr part) {
        if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
          symbols = std::max(symbols, symbol.getPosition() + 1);
      });
    return AffineMapAttr::get(AffineMap::get(0, symbols, exprs, module.getContext()));
  };
  SmallVector<Attribute> slots;
  for (ArrayRef<AffineExpr> values : plan.slots)
    slots.push_back(mapOf(values));
  if (!plan.scratch.empty())
    slots.push_back(mapOf(plan.scratch));
  module->setAttr("pleat.arena", ArrayAttr::get(module.getContext(), slots));
}

void pleat::emitSizesFunction(ModuleOp module, AffineMap exprs, Location loc) {
  OpBuilder builder(module.getContext());
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  func::FuncOp function = startFunction(builder, module, loc, "pleat_eval_sizes", {pointer, pointer}, {});
  SizeEmitter sizes(builder, loc, function.getArgument(0));
  auto extremes = module->getAttrOfType<ArrayAttr>("pleat.size_extremes");
  unsigned count = extremes ? extremes.size() : 0, first = exprs.getNumSymbols() - count;
  for (unsigned i = 0; i < count; ++i) {
    auto pair = cast<ArrayAttr>(extremes[i]);
    AffineMap sides = cast<AffineMapAttr>(pair[1]).getValue();
    sizes.define(getAffineSymbolExpr(first + i, module.getContext()),
                 cast<StringAttr>(pair[0]).getValue() == "min", sides.getResult(0), sides.getResult(1));
  }
  for (auto [i, expr] : llvm::enumerate(exprs.getResults())) {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), function.getArgument(1),
                                     ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    LLVM::StoreOp::create(builder, loc, sizes.get(expr), slot);
  }
  func::ReturnOp::create(builder, loc);
}
