// Interval arithmetic on size computations. Most sizes are exact; those of tiles depend on
// the iteration and on the number of parts, and are bounded by the whole.
#include "passes/CPU/PlaceTemporaries/SizeBounds.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace pleat;

/// Position of the sizes in the LLVM struct of a memref.
static constexpr int64_t kSizesField = 3;

static bool isExact(const SizeRange &range) { return range.lower && range.lower == range.upper; }

static SizeRange add(const SizeRange &a, const SizeRange &b) {
  SizeRange sum;
  if (a.lower && b.lower)
    sum.lower = a.lower + b.lower;
  if (a.upper && b.upper)
    sum.upper = a.upper + b.upper;
  return sum;
}

/// What is known of a - b, where b is not negative.
static SizeRange subtract(const SizeRange &a, const SizeRange &b) {
  SizeRange difference;
  if (a.lower && b.upper)
    difference.lower = a.lower - b.upper;
  if (a.upper)
    difference.upper = b.lower ? a.upper - b.lower : a.upper;
  return difference;
}

/// a * b. A negative factor comes from a subtraction, of at least 0.
static SizeRange multiply(const SizeRange &a, const SizeRange &b) {
  auto factor = isExact(b) ? dyn_cast<AffineConstantExpr>(b.upper) : AffineConstantExpr();
  if (factor && factor.getValue() < 0)
    return {a.upper ? a.upper * factor : AffineExpr(), a.lower ? a.lower * factor : factor * 0};
  SizeRange product;
  if (a.lower && b.lower)
    product.lower = a.lower * b.lower;
  if (a.upper && b.upper)
    product.upper = a.upper * b.upper;
  return product;
}

/// a / b, rounded up or down. A divisor that is not known is at least 1.
static SizeRange divide(const SizeRange &a, const SizeRange &b, bool up) {
  auto quotient = [&](AffineExpr x) -> AffineExpr {
    return !x ? x : up ? x.ceilDiv(b.upper) : x.floorDiv(b.upper);
  };
  auto divisor = dyn_cast_if_present<AffineConstantExpr>(b.upper);
  bool isPositive = divisor && divisor.getValue() > 0;
  if (isExact(b) && (isPositive || (!divisor && isExact(a))))
    return {quotient(a.lower), quotient(a.upper)};
  return {{}, a.upper};
}

static unsigned symbolsIn(AffineExpr expr) {
  unsigned count = 0;
  expr.walk([&](AffineExpr part) { count += isa<AffineSymbolExpr>(part); });
  return count;
}

/// The minimum is at most either; the simpler bound says more about tiles.
static SizeRange minimum(const SizeRange &a, const SizeRange &b) {
  if (isExact(a) && isExact(b) && isa<AffineConstantExpr>(a.upper) && isa<AffineConstantExpr>(b.upper))
    return cast<AffineConstantExpr>(a.upper).getValue() <= cast<AffineConstantExpr>(b.upper).getValue() ? a
                                                                                                        : b;
  if (!a.upper || !b.upper)
    return {{}, a.upper ? a.upper : b.upper};
  return {{}, symbolsIn(b.upper) < symbolsIn(a.upper) ? b.upper : a.upper};
}

/// One of two values, or their maximum: at most the sum, as neither is negative.
static SizeRange either(const SizeRange &a, const SizeRange &b) {
  if (isExact(a) && isExact(b) && a.upper == b.upper)
    return a;
  auto x = dyn_cast_if_present<AffineConstantExpr>(a.upper),
       y = dyn_cast_if_present<AffineConstantExpr>(b.upper);
  if (x && y)
    return {{}, x.getValue() < y.getValue() ? b.upper : a.upper};
  return {{}, a.upper && b.upper ? a.upper + b.upper : AffineExpr()};
}

SizeBounds::SizeBounds(func::FuncOp machine, ArrayRef<Slot> slots) : machine(machine), slots(slots) {
  for (const Slot &slot : slots) {
    symbolOfSlot.push_back(symbols);
    symbols += slot.kind == Slot::Size || slot.kind == Slot::Index;
  }
}

SizeRange SizeBounds::constant(int64_t value) {
  AffineExpr expr = getAffineConstantExpr(value, machine.getContext());
  return {expr, expr};
}

SizeRange SizeBounds::of(Value value) {
  if (auto found = known.find(value); found != known.end())
    return found->second;
  SizeRange range = compute(value);
  known[value] = range;
  return range;
}

SizeRange SizeBounds::ofArgument(BlockArgument argument) {
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  if (!loop || argument != loop.getInductionVar())
    return {};
  return {of(loop.getLowerBound()).lower, of(loop.getUpperBound()).upper};
}

/// A load of a slot: its size or index, or the number of parts.
SizeRange SizeBounds::ofSlot(Operation *op) {
  auto load = cast<LLVM::LoadOp>(op);
  Value address = load.getAddr();
  int64_t position = 0;
  if (auto gep = address.getDefiningOp<LLVM::GEPOp>()) {
    auto index = gep.getIndices().size() == 1 ? dyn_cast<IntegerAttr>(gep.getIndices()[0]) : IntegerAttr();
    if (!index || !gep.getElemType().isInteger(64))
      return {};
    position = index.getInt();
    address = gep.getBase();
  }
  if (address != machine.getArgument(0) || position >= static_cast<int64_t>(slots.size()))
    return {};
  const Slot &slot = slots[position];
  if (slot.kind == Slot::Parts)
    return {getAffineConstantExpr(1, machine.getContext()), {}};
  if (slot.kind != Slot::Size && slot.kind != Slot::Index)
    return {};
  AffineExpr symbol = getAffineSymbolExpr(symbolOfSlot[position], machine.getContext());
  return {symbol, symbol};
}

/// The size of `axis` of a buffer that is allocated, cut out, or described by hand.
SizeRange SizeBounds::ofSize(Value memref, int64_t axis) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(axis))
    return constant(type.getDimSize(axis));
  Operation *op = memref.getDefiningOp();
  if (!op)
    return {};
  auto dynamicAxis = [&](OperandRange sizes) { return of(sizes[type.getDynamicDimIndex(axis)]); };
  if (auto alloc = dyn_cast<memref::AllocOp>(op))
    return dynamicAxis(alloc.getDynamicSizes());
  if (auto alloca = dyn_cast<memref::AllocaOp>(op))
    return dynamicAxis(alloca.getDynamicSizes());
  if (auto subview = dyn_cast<memref::SubViewOp>(op))
    return subview.getDroppedDims().none() ? dynamicAxis(subview.getSizes()) : SizeRange();
  if (auto cast = dyn_cast<memref::CastOp>(op))
    return ofSize(cast.getSource(), axis);
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(op))
    return dynamicAxis(expand.getOutputShape());
  auto descriptor = dyn_cast<UnrealizedConversionCastOp>(op);
  Value fields = descriptor && descriptor.getNumOperands() == 1 ? descriptor.getOperand(0) : Value();
  while (auto insert = fields ? fields.getDefiningOp<LLVM::InsertValueOp>() : LLVM::InsertValueOp()) {
    if (insert.getPosition() == ArrayRef<int64_t>{kSizesField, axis})
      return of(insert.getValue());
    fields = insert.getContainer();
  }
  return {};
}

SizeRange SizeBounds::ofExpr(AffineExpr expr, AffineMap map, OperandRange operands) {
  if (auto literal = dyn_cast<AffineConstantExpr>(expr))
    return constant(literal.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return of(operands[dim.getPosition()]);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return of(operands[map.getNumDims() + symbol.getPosition()]);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  SizeRange lhs = ofExpr(binary.getLHS(), map, operands);
  SizeRange rhs = ofExpr(binary.getRHS(), map, operands);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return add(lhs, rhs);
  case AffineExprKind::Mul:
    return multiply(lhs, rhs);
  case AffineExprKind::FloorDiv:
    return divide(lhs, rhs, /*up=*/false);
  case AffineExprKind::CeilDiv:
    return divide(lhs, rhs, /*up=*/true);
  default:
    return {{}, rhs.upper};
  }
}

SizeRange SizeBounds::compute(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return ofArgument(argument);
  Operation *op = value.getDefiningOp();
  APInt literal;
  if (matchPattern(value, m_ConstantInt(&literal)))
    return constant(literal.getSExtValue());
  auto side = [&](unsigned i) { return of(op->getOperand(i)); };
  return llvm::TypeSwitch<Operation *, SizeRange>(op)
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, UnrealizedConversionCastOp>(
          [&](auto) { return op->getNumOperands() == 1 ? side(0) : SizeRange(); })
      .Case<LLVM::LoadOp>([&](auto load) { return ofSlot(load); })
      .Case<arith::AddIOp>([&](auto) { return add(side(0), side(1)); })
      .Case<arith::SubIOp>([&](auto) { return subtract(side(0), side(1)); })
      .Case<arith::MulIOp>([&](auto) { return multiply(side(0), side(1)); })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(
          [&](auto) { return divide(side(0), side(1), /*up=*/false); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>(
          [&](auto) { return divide(side(0), side(1), /*up=*/true); })
      .Case<arith::RemSIOp, arith::RemUIOp>([&](auto) { return SizeRange{{}, side(1).upper}; })
      .Case<arith::MinSIOp, arith::MinUIOp>([&](auto) { return minimum(side(0), side(1)); })
      .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto) { return either(side(0), side(1)); })
      .Case<arith::SelectOp>([&](auto) { return either(side(1), side(2)); })
      .Case<affine::AffineApplyOp>([&](affine::AffineApplyOp apply) {
        return ofExpr(apply.getAffineMap().getResult(0), apply.getAffineMap(), apply->getOperands());
      })
      .Case<affine::AffineMinOp, affine::AffineMaxOp>([&](auto extreme) {
        AffineMap map = extreme.getMap();
        SizeRange range = ofExpr(map.getResult(0), map, extreme->getOperands());
        for (AffineExpr expr : map.getResults().drop_front()) {
          SizeRange other = ofExpr(expr, map, extreme->getOperands());
          range = isa<affine::AffineMinOp>(op) ? minimum(range, other) : either(range, other);
        }
        return range;
      })
      .Case<memref::DimOp>([&](memref::DimOp dim) {
        std::optional<int64_t> axis = dim.getConstantIndex();
        return axis && isa<MemRefType>(dim.getSource().getType()) ? ofSize(dim.getSource(), *axis)
                                                                  : SizeRange();
      })
      .Default([](auto) { return SizeRange(); });
}
