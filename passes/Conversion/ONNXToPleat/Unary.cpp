// Ops of one tensor, element by element: functions, activations, casts.
#include "passes/Conversion/ONNXToPleat/Casts.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

/// Gives the node `body` of each element of its first input.
static LogicalResult map(Lowering &lowering, Lowering::Body body) {
  return lowering.give(
      lowering.elementwise(lowering.node.input(0), lowering.resultSizes(), lowering.resultElement(), body));
}

static Value constantLike(B &b, Value like, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(like.getType(), value));
}

/// A float function that is one op.
template <typename MathOp>
static LogicalResult function(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value { return MathOp::create(b, in[0]); });
}

/// A function with a formula of its own over floats.
template <Value (*formula)(B &, Value, onnx::NodeOp)>
static LogicalResult formulaOf(Lowering &lowering) {
  if (!isa<FloatType>(lowering.elementType(lowering.node.input(0))))
    return lowering.fail("expects a float input");
  return map(lowering, [&](B &b, ValueRange in) { return formula(b, in[0], lowering.node); });
}

/// An activation that passes recognise by name.
template <ActivationKind kind>
static LogicalResult activation(Lowering &lowering) {
  Value x = lowering.node.input(0);
  if (!isa<FloatType>(lowering.elementType(x)))
    return lowering.fail("expects a float input");
  auto attr = ActivationKindAttr::get(lowering.getContext(), kind);
  return lowering.give(ActivationOp::create(lowering, x.getType(), attr, x));
}

static LogicalResult gelu(Lowering &lowering) {
  bool tanh = lowering.node.stringAttr("approximate", "none") == "tanh";
  return tanh ? activation<ActivationKind::GeluTanh>(lowering)
              : activation<ActivationKind::GeluErf>(lowering);
}

/// Swish is silu where alpha is 1.
static Value swishValue(B &b, Value x, onnx::NodeOp node) {
  Value scaled = arith::MulFOp::create(b, x, constantLike(b, x, node.floatAttr("alpha", 1.0)));
  Value one = constantLike(b, x, 1.0), e = math::ExpOp::create(b, arith::NegFOp::create(b, scaled));
  return arith::DivFOp::create(b, x, arith::AddFOp::create(b, one, e));
}

static LogicalResult swish(Lowering &lowering) {
  return lowering.node.floatAttr("alpha", 1.0) == 1.0 ? activation<ActivationKind::Silu>(lowering)
                                                      : formulaOf<swishValue>(lowering);
}

static LogicalResult absolute(Lowering &lowering) {
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0));
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    if (isa<FloatType>(in[0].getType()))
      return math::AbsFOp::create(b, in[0]);
    return isUnsigned ? in[0] : Value(math::AbsIOp::create(b, in[0]));
  });
}

static LogicalResult negate(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value {
    if (isa<FloatType>(in[0].getType()))
      return arith::NegFOp::create(b, in[0]);
    Value zero = arith::ConstantOp::create(b, b.getIntegerAttr(in[0].getType(), 0));
    return arith::SubIOp::create(b, zero, in[0]);
  });
}

/// -1, 0 or 1, and NaN for NaN.
static LogicalResult sign(Lowering &lowering) {
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0));
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    Value x = in[0];
    if (isa<FloatType>(x.getType())) {
      Value zero = constantLike(b, x, 0), one = constantLike(b, x, 1);
      Value away = math::CopySignOp::create(b, one, x);
      // Zero and NaN are their own sign.
      Value ordered = arith::CmpFOp::create(b, arith::CmpFPredicate::ONE, x, zero);
      return arith::SelectOp::create(b, ordered, away, x);
    }
    Value zero = arith::ConstantOp::create(b, b.getIntegerAttr(x.getType(), 0));
    Value above =
        arith::CmpIOp::create(b, isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, x, zero);
    Value positive = arith::ExtUIOp::create(b, x.getType(), above);
    if (isUnsigned)
      return positive;
    Value below =
        arith::ExtUIOp::create(b, x.getType(), arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, zero));
    return arith::SubIOp::create(b, positive, below);
  });
}

static LogicalResult logicalNot(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value {
    Value ones = arith::ConstantOp::create(b, b.getIntegerAttr(in[0].getType(), -1));
    return arith::XOrIOp::create(b, in[0], ones);
  });
}

static LogicalResult isNaN(Lowering &lowering) {
  return map(lowering, [](B &b, ValueRange in) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, in[0], in[0]);
  });
}

static LogicalResult isInf(Lowering &lowering) {
  bool negative = lowering.node.intAttr("detect_negative", 1),
       positive = lowering.node.intAttr("detect_positive", 1);
  return map(lowering, [&](B &b, ValueRange in) -> Value {
    Value infinity = constantLike(b, in[0], INFINITY), minus = constantLike(b, in[0], -INFINITY);
    Value result = arith::ConstantOp::create(b, b.getBoolAttr(false));
    if (positive)
      result = arith::OrIOp::create(b, result,
                                    arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, in[0], infinity));
    if (negative)
      result =
          arith::OrIOp::create(b, result, arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, in[0], minus));
    return result;
  });
}

static LogicalResult identity(Lowering &lowering) { return lowering.give(lowering.node.input(0)); }

static LogicalResult dropout(Lowering &lowering) {
  // Without training mode the mask is all true.
  if (lowering.node.getNumResults() > 1 && !lowering.node.getResult(1).use_empty())
    return lowering.fail("expects the mask not to be used");
  if (Value training = lowering.node.input(2)) {
    std::optional<SmallVector<int64_t>> value = lowering.shapes.constants(training);
    if (!value || value->front() != 0)
      return lowering.fail("expects 'training_mode' to be false");
  }
  return identity(lowering);
}

static LogicalResult castTo(Lowering &lowering) {
  Value x = lowering.node.input(0);
  bool fromUnsigned = lowering.isUnsigned(x), toUnsigned = lowering.isUnsigned(lowering.node.getResult(0));
  Type to = lowering.resultElement();
  if (lowering.elementType(x) == to && (!isa<IntegerType>(to) || fromUnsigned == toUnsigned))
    return identity(lowering);
  return map(lowering,
             [&](B &b, ValueRange in) { return castElement(b, in[0], to, fromUnsigned, toUnsigned); });
}

// --- formulas ---

static Value reciprocal(B &b, Value x, onnx::NodeOp) {
  return arith::DivFOp::create(b, constantLike(b, x, 1), x);
}

static Value select(B &b, arith::CmpFPredicate predicate, Value a, Value c, Value yes, Value no) {
  return arith::SelectOp::create(b, arith::CmpFOp::create(b, predicate, a, c), yes, no);
}

/// x where x is negative or NaN passes through `negative`, x elsewhere.
static Value leakyRelu(B &b, Value x, onnx::NodeOp node) {
  Value scaled = arith::MulFOp::create(b, x, constantLike(b, x, node.floatAttr("alpha", 0.01)));
  return select(b, arith::CmpFPredicate::OGE, x, constantLike(b, x, 0), x, scaled);
}

static Value elu(B &b, Value x, onnx::NodeOp node) {
  Value below =
      arith::MulFOp::create(b, constantLike(b, x, node.floatAttr("alpha", 1.0)), math::ExpM1Op::create(b, x));
  return select(b, arith::CmpFPredicate::OGE, x, constantLike(b, x, 0), x, below);
}

static Value celu(B &b, Value x, onnx::NodeOp node) {
  Value alpha = constantLike(b, x, node.floatAttr("alpha", 1.0));
  Value below = arith::MulFOp::create(b, alpha, math::ExpM1Op::create(b, arith::DivFOp::create(b, x, alpha)));
  return select(b, arith::CmpFPredicate::OGE, x, constantLike(b, x, 0), x, below);
}

static Value selu(B &b, Value x, onnx::NodeOp node) {
  Value gamma = constantLike(b, x, node.floatAttr("gamma", 1.05070102214813232421875));
  Value alpha = constantLike(b, x, node.floatAttr("alpha", 1.67326319217681884765625));
  Value below = arith::MulFOp::create(b, alpha, math::ExpM1Op::create(b, x));
  return arith::MulFOp::create(b, gamma,
                               select(b, arith::CmpFPredicate::OGT, x, constantLike(b, x, 0), x, below));
}

static Value clampUnit(B &b, Value x) {
  return arith::MaximumFOp::create(b, constantLike(b, x, 0),
                                   arith::MinimumFOp::create(b, constantLike(b, x, 1), x));
}

static Value hardSigmoid(B &b, Value x, onnx::NodeOp node) {
  Value scaled = arith::MulFOp::create(b, x, constantLike(b, x, node.floatAttr("alpha", 0.2)));
  return clampUnit(b, arith::AddFOp::create(b, scaled, constantLike(b, x, node.floatAttr("beta", 0.5))));
}

static Value hardSwish(B &b, Value x, onnx::NodeOp) {
  Value scaled = arith::MulFOp::create(b, x, constantLike(b, x, 1.0 / 6));
  return arith::MulFOp::create(b, x, clampUnit(b, arith::AddFOp::create(b, scaled, constantLike(b, x, 0.5))));
}

/// log(1 + e^x) without overflow.
static Value softplus(B &b, Value x, onnx::NodeOp) {
  Value e = math::ExpOp::create(b, arith::NegFOp::create(b, math::AbsFOp::create(b, x)));
  return arith::AddFOp::create(b, arith::MaximumFOp::create(b, x, constantLike(b, x, 0)),
                               math::Log1pOp::create(b, e));
}

static Value softsign(B &b, Value x, onnx::NodeOp) {
  return arith::DivFOp::create(b, x,
                               arith::AddFOp::create(b, constantLike(b, x, 1), math::AbsFOp::create(b, x)));
}

static Value mish(B &b, Value x, onnx::NodeOp node) {
  return arith::MulFOp::create(b, x, math::TanhOp::create(b, softplus(b, x, node)));
}

static Value thresholdedRelu(B &b, Value x, onnx::NodeOp node) {
  Value alpha = constantLike(b, x, node.floatAttr("alpha", 1.0));
  return select(b, arith::CmpFPredicate::ULE, x, alpha, constantLike(b, x, 0), x);
}

static Value shrink(B &b, Value x, onnx::NodeOp node) {
  double lambda = node.floatAttr("lambd", 0.5);
  Value bias = constantLike(b, x, node.floatAttr("bias", 0.0));
  Value low = select(b, arith::CmpFPredicate::OLT, x, constantLike(b, x, -lambda),
                     arith::AddFOp::create(b, x, bias), constantLike(b, x, 0));
  return select(b, arith::CmpFPredicate::OGT, x, constantLike(b, x, lambda),
                arith::SubFOp::create(b, x, bias), low);
}

ArrayRef<SupportedOp> pleat::supportedUnaryOps() {
  static constexpr SupportedOp ops[] = {
      {"Abs", 6, newestOpset, absolute},
      {"Acos", 7, newestOpset, function<math::AcosOp>},
      {"Acosh", 9, newestOpset, function<math::AcoshOp>},
      {"Asin", 7, newestOpset, function<math::AsinOp>},
      {"Asinh", 9, newestOpset, function<math::AsinhOp>},
      {"Atan", 7, newestOpset, function<math::AtanOp>},
      {"Atanh", 9, newestOpset, function<math::AtanhOp>},
      {"BitwiseNot", 18, newestOpset, logicalNot},
      {"Cast", 6, newestOpset, castTo, "out-of-range floats saturate, NaN gives 0", "to saturate round_mode"},
      {"CastLike", 15, newestOpset, castTo, "out-of-range floats saturate, NaN gives 0",
       "saturate round_mode"},
      {"Ceil", 6, newestOpset, function<math::CeilOp>},
      {"Celu", 12, newestOpset, formulaOf<celu>, "", "alpha"},
      {"Cos", 7, newestOpset, function<math::CosOp>},
      {"Cosh", 9, newestOpset, function<math::CoshOp>},
      {"Dropout", 7, newestOpset, dropout, "inference: the mask output is not used", "ratio seed"},
      {"Elu", 6, newestOpset, formulaOf<elu>, "", "alpha"},
      {"Erf", 9, newestOpset, function<math::ErfOp>},
      {"Exp", 6, newestOpset, function<math::ExpOp>},
      {"Floor", 6, newestOpset, function<math::FloorOp>},
      {"Gelu", 20, newestOpset, gelu, "", "approximate"},
      {"HardSigmoid", 6, newestOpset, formulaOf<hardSigmoid>, "", "alpha beta"},
      {"HardSwish", 14, newestOpset, formulaOf<hardSwish>},
      {"Identity", 1, newestOpset, identity, "tensors"},
      {"IsInf", 10, newestOpset, isInf, "", "detect_negative detect_positive"},
      {"IsNaN", 9, newestOpset, isNaN},
      {"LeakyRelu", 6, newestOpset, formulaOf<leakyRelu>, "", "alpha"},
      {"Log", 6, newestOpset, function<math::LogOp>},
      {"Mish", 18, newestOpset, formulaOf<mish>},
      {"Neg", 6, newestOpset, negate},
      {"Not", 1, newestOpset, logicalNot},
      {"Reciprocal", 6, newestOpset, formulaOf<reciprocal>},
      {"Relu", 6, newestOpset, activation<ActivationKind::Relu>, "floats"},
      {"Round", 11, newestOpset, function<math::RoundEvenOp>},
      {"Selu", 6, newestOpset, formulaOf<selu>, "", "alpha gamma"},
      {"Shrink", 9, newestOpset, formulaOf<shrink>, "floats", "lambd bias"},
      {"Sigmoid", 6, newestOpset, activation<ActivationKind::Sigmoid>},
      {"Sign", 9, newestOpset, sign},
      {"Sin", 7, newestOpset, function<math::SinOp>},
      {"Sinh", 9, newestOpset, function<math::SinhOp>},
      {"Softplus", 1, newestOpset, formulaOf<softplus>},
      {"Softsign", 1, newestOpset, formulaOf<softsign>},
      {"Sqrt", 6, newestOpset, function<math::SqrtOp>},
      {"Swish", 24, newestOpset, swish, "", "alpha"},
      {"Tan", 7, newestOpset, function<math::TanOp>},
      {"Tanh", 6, newestOpset, activation<ActivationKind::Tanh>},
      {"ThresholdedRelu", 10, newestOpset, formulaOf<thresholdedRelu>, "", "alpha"},
  };
  return ops;
}
