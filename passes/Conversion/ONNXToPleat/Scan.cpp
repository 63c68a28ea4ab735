// Floats in the order of their bits: two's complement for the negative half.
#include "passes/Conversion/ONNXToPleat/Scan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

Value pleat::orderKey(ImplicitLocOpBuilder &b, Value x, bool greatestFirst, bool isUnsigned) {
  Type type = x.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  Type integer = b.getIntegerType(width);
  auto constant = [&](APInt value) -> Value {
    return arith::ConstantOp::create(b, b.getIntegerAttr(integer, value));
  };
  Value key = x;
  if (isa<FloatType>(type)) {
    // Adding 0 makes -0 into 0.
    Value zero = arith::ConstantOp::create(b, b.getFloatAttr(type, 0));
    Value bits = arith::BitcastOp::create(b, integer, arith::AddFOp::create(b, x, zero));
    Value sign = arith::ShRSIOp::create(b, bits, constant(APInt(width, width - 1)));
    Value flip = arith::AndIOp::create(b, sign, constant(APInt::getSignedMaxValue(width)));
    key = arith::XOrIOp::create(b, bits, flip);
    // The sign of a NaN means nothing.
    Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
    key = arith::SelectOp::create(b, isNaN, constant(APInt::getSignedMaxValue(width)), key);
  } else if (isUnsigned || width == 1) {
    key = arith::XOrIOp::create(b, x, constant(APInt::getSignedMinValue(width)));
  }
  return greatestFirst ? key : arith::XOrIOp::create(b, key, constant(APInt::getAllOnes(width))).getResult();
}
