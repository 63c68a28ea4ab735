// Formulas on tensors as linalg.generic.
#include "passes/Conversion/PleatToLinalg/TensorFormulas.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

static unsigned floatWidth(Value value) {
  auto type = dyn_cast<FloatType>(value.getType());
  return type ? type.getWidth() : 0;
}

/// `value` as `type` where both are floats of different widths.
static Value convertFloat(OpBuilder &builder, Location loc, Value value, FloatType type) {
  if (!type || !floatWidth(value) || floatWidth(value) == type.getWidth())
    return value;
  if (floatWidth(value) < type.getWidth())
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

/// `body` on elements of mixed widths.
static Value runWidened(OpBuilder &builder, Location loc, ValueRange elements, TensorFormulas::Body body) {
  Value widest = *llvm::max_element(elements, [](Value a, Value b) { return floatWidth(a) < floatWidth(b); });
  auto type = dyn_cast<FloatType>(widest.getType());
  SmallVector<Value> widened =
      llvm::map_to_vector(elements, [&](Value element) { return convertFloat(builder, loc, element, type); });
  Value result = body(builder, loc, widened);
  return convertFloat(builder, loc, result, dyn_cast<FloatType>(elements.back().getType()));
}

SmallVector<AffineExpr> TensorFormulas::loops(unsigned count) {
  SmallVector<AffineExpr> dims;
  for (unsigned loop = 0; loop < count; ++loop)
    dims.push_back(builder.getAffineDimExpr(loop));
  return dims;
}

SmallVector<OpFoldResult> TensorFormulas::sizes(Value tensor) {
  return tensor::getMixedSizes(builder, loc, tensor);
}

Value TensorFormulas::map(ArrayRef<Read> reads, ArrayRef<OpFoldResult> sizes, Type element, Body body) {
  return reduce(reads, tensor::EmptyOp::create(builder, loc, sizes, element), sizes.size(), body);
}

Value TensorFormulas::reduce(ArrayRef<Read> reads, Value init, unsigned loopCount, Body body) {
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Read &read : reads) {
    inputs.push_back(read.tensor);
    maps.push_back(AffineMap::get(loopCount, 0, read.indices, builder.getContext()));
  }
  maps.push_back(AffineMap::get(loopCount, 0, loops(type.getRank()), builder.getContext()));
  SmallVector<utils::IteratorType> iterators(loopCount, utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(builder, loc, type, inputs, init, maps, iterators,
                                           [&](OpBuilder &inner, Location where, ValueRange arguments) {
                                             linalg::YieldOp::create(
                                                 inner, where, runWidened(inner, where, arguments, body));
                                           });
  return generic.getResult(0);
}

Value TensorFormulas::filled(ArrayRef<OpFoldResult> sizes, Type element, double value) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, element);
  return linalg::FillOp::create(builder, loc, constant(builder, loc, element, value), empty).getResult(0);
}

Type TensorFormulas::computeType(Type element) {
  auto type = dyn_cast<FloatType>(element);
  return type && type.getWidth() < 32 ? Float32Type::get(element.getContext()) : element;
}

Value TensorFormulas::constant(OpBuilder &builder, Location loc, Type element, double value) {
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(element, value));
}

Value TensorFormulas::number(OpFoldResult size, Type element) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return constant(builder, loc, element, *known);
  Value index = getValueOrCreateConstantIndexOp(builder, loc, size);
  Value integer = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
  return arith::SIToFPOp::create(builder, loc, element, integer);
}
