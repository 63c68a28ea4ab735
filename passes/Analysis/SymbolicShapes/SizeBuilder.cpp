// Sizes as IR. Affine expressions are one affine.apply; products and quotients of symbols,
// which affine lowering does not take, are arith ops.
#include "passes/Analysis/SymbolicShapes/SizeBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

SizeBuilder::SizeBuilder(func::FuncOp function, const SizeAlgebra &algebra)
    : function(function), algebra(algebra), builder(function.getContext()) {
  // The builder stays before what is the first op now, so later sizes follow earlier ones.
  builder.setInsertionPointToStart(&function.front());
}

Value SizeBuilder::value(AffineExpr size) {
  size = algebra.canonical(size);
  if (Value known = made.lookup(size))
    return known;
  Value result;
  if (auto constant = dyn_cast<AffineConstantExpr>(size))
    result = arith::ConstantIndexOp::create(builder, function.getLoc(), constant.getValue());
  else if (auto position = dyn_cast<AffineSymbolExpr>(size))
    result = symbol(position.getPosition());
  else
    result = size.isPureAffine() ? affine(size) : arithmetic(cast<AffineBinaryOpExpr>(size));
  made[size] = result;
  return result;
}

Value SizeBuilder::symbol(unsigned position) {
  const SizeSymbol &symbol = algebra.symbols()[position];
  if (symbol.kind == SizeSymbol::Argument)
    return tensor::DimOp::create(builder, function.getLoc(), function.getArgument(symbol.argument),
                                 symbol.axis);
  Value first = value(symbol.first), second = value(symbol.second);
  if (symbol.kind == SizeSymbol::Minimum)
    return arith::MinSIOp::create(builder, function.getLoc(), first, second);
  return arith::MaxSIOp::create(builder, function.getLoc(), first, second);
}

Value SizeBuilder::affine(AffineExpr size) {
  SmallVector<Value> operands;
  SmallVector<AffineExpr> renumbered(algebra.symbols().size(), algebra.constant(0));
  for (unsigned position = 0; position < renumbered.size(); ++position) {
    if (!size.isFunctionOfSymbol(position))
      continue;
    renumbered[position] = getAffineSymbolExpr(operands.size(), function.getContext());
    operands.push_back(value(getAffineSymbolExpr(position, function.getContext())));
  }
  AffineMap map = AffineMap::get(0, operands.size(), size.replaceSymbols(renumbered));
  return affine::AffineApplyOp::create(builder, function.getLoc(), map, operands);
}

Value SizeBuilder::arithmetic(AffineBinaryOpExpr size) {
  Value left = value(size.getLHS()), right = value(size.getRHS());
  switch (size.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(builder, function.getLoc(), left, right);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(builder, function.getLoc(), left, right);
  case AffineExprKind::FloorDiv:
    return arith::FloorDivSIOp::create(builder, function.getLoc(), left, right);
  case AffineExprKind::CeilDiv:
    return arith::CeilDivSIOp::create(builder, function.getLoc(), left, right);
  default: // Sizes are not negative, so the signs of the two definitions agree.
    return arith::RemSIOp::create(builder, function.getLoc(), left, right);
  }
}
