// Ops of several tensors that broadcast: arithmetic, comparison, logic, choice.
#include "passes/Conversion/ONNXToPleat/Casts.h"
#include "passes/Conversion/ONNXToPleat/LinearBias.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

/// Gives the node `body` of its inputs' elements.
static LogicalResult map(Lowering &lowering, Lowering::Body body) {
  SmallVector<Value> inputs(lowering.node.getInputs());
  return lowering.give(lowering.elementwise(inputs, lowering.resultSizes(), lowering.resultElement(), body));
}

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

static Value integer(B &b, Value like, int64_t value) {
  return arith::ConstantOp::create(b, b.getIntegerAttr(like.getType(), value));
}

template <typename FloatOp, typename IntegerOp>
static LogicalResult arithmetic(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value {
    if (isFloat(in[0]))
      return FloatOp::create(b, in[0], in[1]);
    return IntegerOp::create(b, in[0], in[1]);
  });
}

/// An addition may be the bias of the product before it.
static LogicalResult add(Lowering &lowering) {
  if (Value withBias = absorbBias(lowering))
    return lowering.give(withBias);
  return arithmetic<arith::AddFOp, arith::AddIOp>(lowering);
}

/// A divisor for which the machine's division does not trap: x / 0 and the one overflow are
/// undefined in ONNX; here they give x.
static Value safeDivisor(B &b, Value x, Value divisor, bool isUnsigned) {
  Value zero = integer(b, x, 0), one = integer(b, x, 1);
  Value bad = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, divisor, zero);
  if (!isUnsigned) {
    Value least = arith::ConstantOp::create(
        b, b.getIntegerAttr(x.getType(), APInt::getSignedMinValue(x.getType().getIntOrFloatBitWidth())));
    Value overflows = arith::AndIOp::create(
        b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, divisor, integer(b, x, -1)),
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, least));
    bad = arith::OrIOp::create(b, bad, overflows);
  }
  return arith::SelectOp::create(b, bad, one, divisor);
}

static LogicalResult divide(Lowering &lowering) {
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0));
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    if (isFloat(in[0]))
      return arith::DivFOp::create(b, in[0], in[1]);
    Value divisor = safeDivisor(b, in[0], in[1], isUnsigned);
    if (isUnsigned)
      return arith::DivUIOp::create(b, in[0], divisor);
    return arith::DivSIOp::create(b, in[0], divisor);
  });
}

/// Without fmod the remainder has the divisor's sign, with it the dividend's.
static LogicalResult modulo(Lowering &lowering) {
  bool fmod = lowering.node.intAttr("fmod", 0), isUnsigned = lowering.isUnsigned(lowering.node.input(0));
  if (!fmod && isa<FloatType>(lowering.elementType(lowering.node.input(0))))
    return lowering.fail("expects fmod = 1 for floats");
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    if (isFloat(in[0]))
      return arith::RemFOp::create(b, in[0], in[1]);
    Value divisor = safeDivisor(b, in[0], in[1], isUnsigned);
    if (isUnsigned)
      return arith::RemUIOp::create(b, in[0], divisor);
    Value rest = arith::RemSIOp::create(b, in[0], divisor);
    if (fmod)
      return rest;
    Value zero = integer(b, rest, 0);
    Value differ =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, arith::XOrIOp::create(b, rest, divisor), zero);
    Value uneven = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, zero);
    Value moved = arith::AddIOp::create(b, rest, divisor);
    return arith::SelectOp::create(b, arith::AndIOp::create(b, differ, uneven), moved, rest);
  });
}

static LogicalResult power(Lowering &lowering) {
  Value exponentTensor = lowering.node.input(1);
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0)),
       isUnsignedPower = lowering.isUnsigned(exponentTensor);
  auto constant = dyn_cast_or_null<FloatAttr>(lowering.splat(exponentTensor));
  double exponent = constant ? constant.getValueAsDouble() : 0;
  if (auto whole = dyn_cast_or_null<IntegerAttr>(lowering.splat(exponentTensor)))
    exponent = whole.getInt();
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    Value x = in[0], y = in[1];
    if (isFloat(x)) {
      if (exponent == 1)
        return x;
      if (exponent == 2 || exponent == 3) {
        Value square = arith::MulFOp::create(b, x, x);
        return exponent == 2 ? square : Value(arith::MulFOp::create(b, square, x));
      }
      if (y.getType() != x.getType())
        y = castElement(b, y, x.getType(), isUnsignedPower, false);
      return math::PowFOp::create(b, x, y);
    }
    // Integer bases go through f64, as ONNX Runtime does.
    Type wide = b.getF64Type();
    Value base = castElement(b, x, wide, isUnsigned, false),
          power = castElement(b, y, wide, isUnsignedPower, false);
    return castElement(b, math::PowFOp::create(b, base, power), x.getType(), false, isUnsigned);
  });
}

template <arith::CmpFPredicate floats, arith::CmpIPredicate signedInts, arith::CmpIPredicate unsignedInts>
static LogicalResult compare(Lowering &lowering) {
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0));
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    if (isFloat(in[0]))
      return arith::CmpFOp::create(b, floats, in[0], in[1]);
    return arith::CmpIOp::create(b, isUnsigned ? unsignedInts : signedInts, in[0], in[1]);
  });
}

template <typename IntegerOp>
static LogicalResult bitwise(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value { return IntegerOp::create(b, in[0], in[1]); });
}

/// Shifts by the width or more give 0, where arith's are poison.
static LogicalResult bitShift(Lowering &lowering) {
  bool left = lowering.node.stringAttr("direction", "") == "LEFT";
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    Value width = integer(b, in[1], in[1].getType().getIntOrFloatBitWidth()), zero = integer(b, in[0], 0);
    Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, in[1], width);
    Value amount = arith::SelectOp::create(b, fits, in[1], integer(b, in[1], 0));
    Value shifted = left ? arith::ShLIOp::create(b, in[0], amount).getResult()
                         : arith::ShRUIOp::create(b, in[0], amount).getResult();
    return arith::SelectOp::create(b, fits, shifted, zero);
  });
}

/// Folds all inputs into one value.
template <Value (*combine)(B &, Value, Value, bool)>
static LogicalResult fold(Lowering &lowering) {
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0));
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    Value result = in[0];
    for (Value next : in.drop_front())
      result = combine(b, result, next, isUnsigned);
    return result;
  });
}

static Value greater(B &b, Value x, Value y, bool isUnsigned) {
  if (isFloat(x))
    return arith::MaximumFOp::create(b, x, y);
  return isUnsigned ? arith::MaxUIOp::create(b, x, y).getResult()
                    : arith::MaxSIOp::create(b, x, y).getResult();
}

static Value lesser(B &b, Value x, Value y, bool isUnsigned) {
  if (isFloat(x))
    return arith::MinimumFOp::create(b, x, y);
  return isUnsigned ? arith::MinUIOp::create(b, x, y).getResult()
                    : arith::MinSIOp::create(b, x, y).getResult();
}

static Value sumOf(B &b, Value x, Value y, bool) { return arith::AddFOp::create(b, x, y); }

static LogicalResult mean(Lowering &lowering) {
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    Value result = in[0];
    for (Value next : in.drop_front())
      result = arith::AddFOp::create(b, result, next);
    Value count = arith::ConstantOp::create(b, b.getFloatAttr(result.getType(), in.size()));
    return arith::DivFOp::create(b, result, count);
  });
}

static LogicalResult where(Lowering &lowering) {
  return map(lowering,
             [](B &b, ValueRange in) -> Value { return arith::SelectOp::create(b, in[0], in[1], in[2]); });
}

static LogicalResult prelu(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value {
    Value zero = arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(in[0].getType())));
    Value scaled = arith::MulFOp::create(b, in[0], in[1]);
    return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, in[0], zero), in[0],
                                   scaled);
  });
}

/// Bounds are inputs, or attributes before opset 11. As in ONNX, the upper bound wins where
/// they cross.
static LogicalResult clip(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0);
  Type element = lowering.elementType(x);
  bool isUnsigned = lowering.isUnsigned(x);
  SmallVector<Value> inputs{x};
  auto bound = [&](unsigned index, StringRef name) -> int {
    Value value = node.input(index);
    if (!value && node.getFields().get(name)) {
      auto type = RankedTensorType::get({}, element);
      auto attr = DenseElementsAttr::get(type, lowering.getFloatAttr(element, node.floatAttr(name, 0)));
      value = lowering.known(arith::ConstantOp::create(lowering, attr), {});
    }
    if (!value)
      return -1;
    inputs.push_back(value);
    return inputs.size() - 1;
  };
  int low = bound(1, "min"), high = bound(2, "max");
  return lowering.give(
      lowering.elementwise(inputs, lowering.resultSizes(), element, [&](B &b, ValueRange in) {
        Value result = in[0];
        if (low >= 0)
          result = greater(b, result, in[low], isUnsigned);
        if (high >= 0)
          result = lesser(b, result, in[high], isUnsigned);
        return result;
      }));
}

using F = arith::CmpFPredicate;
using I = arith::CmpIPredicate;

ArrayRef<SupportedOp> pleat::supportedBinaryOps() {
  static constexpr SupportedOp ops[] = {
      {"Add", 7, newestOpset, add},
      {"And", 7, newestOpset, bitwise<arith::AndIOp>},
      {"BitShift", 11, newestOpset, bitShift, "", "direction"},
      {"BitwiseAnd", 18, newestOpset, bitwise<arith::AndIOp>},
      {"BitwiseOr", 18, newestOpset, bitwise<arith::OrIOp>},
      {"BitwiseXor", 18, newestOpset, bitwise<arith::XOrIOp>},
      {"Clip", 6, newestOpset, clip, "", "min max"},
      {"Div", 7, newestOpset, divide, "an integer divided by 0 gives itself"},
      {"Equal", 7, newestOpset, compare<F::OEQ, I::eq, I::eq>, "no strings"},
      {"Greater", 7, newestOpset, compare<F::OGT, I::sgt, I::ugt>},
      {"GreaterOrEqual", 12, newestOpset, compare<F::OGE, I::sge, I::uge>},
      {"Less", 7, newestOpset, compare<F::OLT, I::slt, I::ult>},
      {"LessOrEqual", 12, newestOpset, compare<F::OLE, I::sle, I::ule>},
      {"Max", 6, newestOpset, fold<greater>},
      {"Mean", 6, newestOpset, mean},
      {"Min", 6, newestOpset, fold<lesser>},
      {"Mod", 10, newestOpset, modulo, "", "fmod"},
      {"Mul", 7, newestOpset, arithmetic<arith::MulFOp, arith::MulIOp>},
      {"Or", 7, newestOpset, bitwise<arith::OrIOp>},
      {"PRelu", 7, newestOpset, prelu, "floats"},
      {"Pow", 7, newestOpset, power, "integers as f64, out of range they saturate"},
      {"Sub", 7, newestOpset, arithmetic<arith::SubFOp, arith::SubIOp>},
      {"Sum", 6, newestOpset, fold<sumOf>},
      {"Where", 9, newestOpset, where},
      {"Xor", 7, newestOpset, bitwise<arith::XOrIOp>},
  };
  return ops;
}
