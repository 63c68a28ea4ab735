/// Arithmetic on an f32 or a 1-D vector of f32 in the notation of a formula: what the
/// elementary functions are written with.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace pleat {

/// Lays ops at the builder's insertion point. All floats have the type given at
/// construction, all integers are i32 of the same shape.
class FloatOps {
public:
  FloatOps(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type)
      : builder(builder), loc(loc), type(type), intType(sameShape(builder.getI32Type())) {}

  mlir::Value constant(float value) { return splat(type, builder.getF32FloatAttr(value)); }
  mlir::Value intConstant(int32_t value) { return splat(intType, builder.getI32IntegerAttr(value)); }

  mlir::Value add(mlir::Value a, mlir::Value b) { return mlir::arith::AddFOp::create(builder, loc, a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return mlir::arith::SubFOp::create(builder, loc, a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return mlir::arith::MulFOp::create(builder, loc, a, b); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return mlir::arith::DivFOp::create(builder, loc, a, b); }
  /// a b + c, rounded once.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) {
    return mlir::math::FmaOp::create(builder, loc, a, b, c);
  }
  mlir::Value negate(mlir::Value a) { return mlir::arith::NegFOp::create(builder, loc, a); }
  mlir::Value absolute(mlir::Value a) { return mlir::math::AbsFOp::create(builder, loc, a); }
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign) {
    return mlir::math::CopySignOp::create(builder, loc, magnitude, sign);
  }
  /// c[0] + x (c[1] + x (c[2] + ...)).
  mlir::Value horner(mlir::Value x, llvm::ArrayRef<float> c) {
    mlir::Value sum = constant(c.back());
    for (float coefficient : llvm::reverse(c.drop_back()))
      sum = fma(sum, x, constant(coefficient));
    return sum;
  }
  /// The same polynomial as (c[0] + c[1] x) + x^2 ((c[2] + c[3] x) + ...): one operation more,
  /// but half the depth, so that schedulers hold more elements at a time.
  mlir::Value hornerOfPairs(mlir::Value x, llvm::ArrayRef<float> c) {
    mlir::Value square = mul(x, x), sum;
    for (size_t first = (c.size() - 1) / 2 * 2;; first -= 2) {
      mlir::Value pair = constant(c[first]);
      if (first + 1 < c.size())
        pair = fma(x, constant(c[first + 1]), pair);
      sum = sum ? fma(sum, square, pair) : pair;
      if (first == 0)
        return sum;
    }
  }

  /// Comparisons; false when either side is NaN.
  mlir::Value greater(mlir::Value a, mlir::Value b) { return compare(mlir::arith::CmpFPredicate::OGT, a, b); }
  mlir::Value equal(mlir::Value a, mlir::Value b) { return compare(mlir::arith::CmpFPredicate::OEQ, a, b); }
  /// a > b, or either is NaN.
  mlir::Value notLessOrEqual(mlir::Value a, mlir::Value b) {
    return compare(mlir::arith::CmpFPredicate::UGT, a, b);
  }
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no) {
    return mlir::arith::SelectOp::create(builder, loc, condition, yes, no);
  }
  /// `x` within [low, high]; NaN stays.
  mlir::Value clamp(mlir::Value x, float low, float high) {
    mlir::Value l = constant(low), h = constant(high);
    x = select(greater(l, x), l, x);
    return select(greater(x, h), h, x);
  }

  mlir::Value bits(mlir::Value a) { return mlir::arith::BitcastOp::create(builder, loc, intType, a); }
  mlir::Value fromBits(mlir::Value a) { return mlir::arith::BitcastOp::create(builder, loc, type, a); }
  mlir::Value toFloat(mlir::Value a) { return mlir::arith::SIToFPOp::create(builder, loc, type, a); }
  mlir::Value addInt(mlir::Value a, mlir::Value b) { return mlir::arith::AddIOp::create(builder, loc, a, b); }
  mlir::Value subInt(mlir::Value a, mlir::Value b) { return mlir::arith::SubIOp::create(builder, loc, a, b); }
  mlir::Value andInt(mlir::Value a, mlir::Value b) { return mlir::arith::AndIOp::create(builder, loc, a, b); }
  mlir::Value xorInt(mlir::Value a, mlir::Value b) { return mlir::arith::XOrIOp::create(builder, loc, a, b); }
  mlir::Value shiftLeft(mlir::Value a, int32_t by) {
    return mlir::arith::ShLIOp::create(builder, loc, a, intConstant(by));
  }
  /// Arithmetic shift.
  mlir::Value shiftRight(mlir::Value a, int32_t by) {
    return mlir::arith::ShRSIOp::create(builder, loc, a, intConstant(by));
  }
  mlir::Value isZero(mlir::Value a) {
    return mlir::arith::CmpIOp::create(builder, loc, mlir::arith::CmpIPredicate::eq, a, intConstant(0));
  }
  /// 2^n for integers n in [-127, 128]: -127 gives 0, 128 infinity.
  mlir::Value powerOfTwo(mlir::Value n) { return fromBits(shiftLeft(addInt(n, intConstant(127)), 23)); }

private:
  mlir::Type sameShape(mlir::Type element) {
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(type))
      return vector.clone(element);
    return element;
  }
  mlir::Value splat(mlir::Type to, mlir::TypedAttr value) {
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(to))
      value = mlir::DenseElementsAttr::get(vector, llvm::ArrayRef<mlir::Attribute>(value));
    return mlir::arith::ConstantOp::create(builder, loc, value);
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type, intType;
};

} // namespace pleat
