// Casts of elements that are defined for every input: out-of-range conversions of arith are
// poison, so they never happen.
#include "passes/Conversion/ONNXToPleat/Casts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

static Value constantOf(ImplicitLocOpBuilder &b, Type type, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
}

static Value floatToInteger(ImplicitLocOpBuilder &b, Value x, IntegerType to, bool toUnsigned) {
  // The comparison is made in a type that holds the range's ends, which f16 does not.
  Type from = x.getType();
  if (from.getIntOrFloatBitWidth() < 32)
    x = arith::ExtFOp::create(b, from = b.getF32Type(), x);
  unsigned width = to.getWidth();
  double above = std::ldexp(1.0, toUnsigned ? width : width - 1), least = toUnsigned ? 0.0 : -above;
  APInt greatestInt = toUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  APInt leastInt = toUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  Value zero = constantOf(b, from, 0), low = constantOf(b, from, least), high = constantOf(b, from, above);
  Value tooHigh = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, x, high);
  Value tooLow = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, low);
  Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
  Value outside = arith::OrIOp::create(b, tooHigh, arith::OrIOp::create(b, tooLow, isNaN));
  Value inside = arith::SelectOp::create(b, outside, zero, x);
  Value result = toUnsigned ? arith::FPToUIOp::create(b, to, inside).getResult()
                            : arith::FPToSIOp::create(b, to, inside).getResult();
  Value greatestValue = arith::ConstantOp::create(b, b.getIntegerAttr(to, greatestInt));
  Value leastValue = arith::ConstantOp::create(b, b.getIntegerAttr(to, leastInt));
  result = arith::SelectOp::create(b, tooHigh, greatestValue, result);
  return arith::SelectOp::create(b, tooLow, leastValue, result);
}

Value pleat::castElement(ImplicitLocOpBuilder &b, Value x, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = x.getType();
  if (from == to)
    return x;
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(from)));
    // NaN is not zero.
    if (fromFloat)
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x, zero);
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, zero);
  }
  fromUnsigned |= from.isInteger(1);
  if (fromFloat && !toFloat)
    return floatToInteger(b, x, cast<IntegerType>(to), toUnsigned);
  if (!fromFloat && toFloat)
    return fromUnsigned ? arith::UIToFPOp::create(b, to, x).getResult()
                        : arith::SIToFPOp::create(b, to, x).getResult();
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
  if (fromFloat) {
    if (fromWidth == toWidth) // f16 and bf16 meet in f32.
      x = arith::ExtFOp::create(b, b.getF32Type(), x), fromWidth = 32;
    return fromWidth < toWidth ? arith::ExtFOp::create(b, to, x).getResult()
                               : arith::TruncFOp::create(b, to, x).getResult();
  }
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(b, to, x);
  return fromUnsigned ? arith::ExtUIOp::create(b, to, x).getResult()
                      : arith::ExtSIOp::create(b, to, x).getResult();
}
