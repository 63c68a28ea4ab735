// Sizes are made once, at the function's start, so that they dominate every use.
#include "passes/Utils/SizeValues.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

SizeValues::SizeValues(func::FuncOp function, ArrayRef<std::string> dims)
    : function(function), names(dims), builder(function.getContext()) {}

Value SizeValues::keep(Value value) {
  last = value.getDefiningOp();
  return value;
}

void SizeValues::moveBuilder() {
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(&function.getBody().front());
}

Value SizeValues::symbol(unsigned position) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto axes = function.getArgAttrOfType<ArrayAttr>(i, PleatDialect::getDimsAttrName());
    if (!axes)
      continue;
    for (auto [axis, attr] : llvm::enumerate(axes))
      if (auto name = dyn_cast<StringAttr>(attr); name && name.getValue() == names[position])
        return keep(tensor::DimOp::create(builder, function.getLoc(), function.getArgument(i), axis));
  }
  llvm_unreachable("every symbol names an axis of an argument");
}

Value SizeValues::get(AffineExpr expr) {
  if (Value known = made.lookup(expr))
    return known;
  SmallVector<Value> operands;
  if (isa<AffineBinaryOpExpr>(expr))
    for (unsigned i = 0; i < names.size(); ++i)
      operands.push_back(get(getAffineSymbolExpr(i, builder.getContext())));
  moveBuilder();
  Value value;
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    value = keep(arith::ConstantIndexOp::create(builder, function.getLoc(), constant.getValue()));
  else if (auto position = dyn_cast<AffineSymbolExpr>(expr))
    value = symbol(position.getPosition());
  else
    value = keep(affine::AffineApplyOp::create(builder, function.getLoc(),
                                               AffineMap::get(0, names.size(), expr), operands));
  return made[expr] = value;
}
