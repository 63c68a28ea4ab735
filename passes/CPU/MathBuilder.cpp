// Elementary functions: range reduction, a polynomial or rational fit, reconstruction.
//
// exp's coefficients are of a Remez fit with relative weight. Those of 2^r (for
// `buildExpFlushed` with a first coefficient of 1), log, sine and cosine are minimax polynomials, those of
// erf and tanh minimax rationals in x^2, fitted by iteratively reweighted least squares on Chebyshev nodes
// with relative weight and then scaled by the common factor for which rounding the coefficients hurts least.
#include "passes/CPU/MathBuilder.h"

#include "passes/CPU/FloatOps.h"

#include <limits>

using namespace mlir;
using namespace pleat;

Value pleat::buildConstantLike(OpBuilder &builder, Location loc, Value like, float value) {
  return FloatOps(builder, loc, like.getType()).constant(value);
}

/// 1.5 * 2^23: adding it rounds a small number to the nearest integer, which then stands in
/// the low bits of the sum.
static constexpr float kRound = 12582912.0f;
static constexpr int32_t kRoundBits = 0x4B400000;

/// p 2^n for n in [-252, 254], as two factors: one alone could reach neither denormal results
/// nor the largest ones.
static Value scaleByPowerOfTwo(FloatOps &f, Value p, Value n) {
  Value half = f.shiftRight(n, 1);
  Value rest = f.subInt(n, half);
  return f.mul(f.mul(p, f.powerOfTwo(half)), f.powerOfTwo(rest));
}

/// x = n ln 2 + r with n the nearest integer, and e^r on [-ln2 / 2, ln2 / 2].
static std::pair<Value, Value> splitExp(FloatOps &f, Value x) {
  Value shifted = f.fma(x, f.constant(1.44269502f), f.constant(kRound));
  Value n = f.sub(shifted, f.constant(kRound));
  Value r = f.fma(n, f.constant(-0.693147182f), x);
  r = f.fma(n, f.constant(1.90465421e-9f), r);
  Value p =
      f.horner(r, {1.0f, 1.0f, 0.49999994f, 0.166665211f, 0.041668389f, 0.00836871006f, 0.00138146128f});
  return {p, f.subInt(f.bits(shifted), f.intConstant(kRoundBits))};
}

Value pleat::buildExp(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  // e^90 overflows and e^-105 vanishes.
  auto [p, n] = splitExp(f, f.clamp(x, -105.0f, 90.0f));
  return scaleByPowerOfTwo(f, p, n);
}

Value pleat::buildExpFlushed(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  constexpr float kLeast = -87.3f; // just above ln(2^-126)
  // x log2(e) = n + r. Rounding to n leaves n + 127 in the low bits: the exponent of 2^n.
  Value log2e = f.constant(1.44269502f), round = f.constant(kRound + 127);
  Value shifted = f.fma(x, log2e, round);
  Value r = f.fma(x, log2e, f.sub(round, shifted));
  r = f.fma(x, f.constant(1.92596303e-8f), r);
  Value p =
      f.hornerOfPairs(r, {1.0f, 0.693147004f, 0.240222424f, 0.0555073358f, 0.00967151299f, 0.00132647273f});
  Value scaled = f.mul(p, f.fromBits(f.shiftLeft(f.bits(shifted), 23)));
  // Below kLeast the product means nothing, and is not chosen.
  return f.select(f.notLessOrEqual(x, f.constant(kLeast)), scaled, f.constant(0.0f));
}

/// y = n + r with n the nearest integer, and 2^r on [-1/2, 1/2].
static std::pair<Value, Value> splitExp2(FloatOps &f, Value y) {
  Value shifted = f.add(y, f.constant(kRound));
  Value r = f.sub(y, f.sub(shifted, f.constant(kRound)));
  Value p = f.horner(
      r, {1.0f, 0.693147182f, 0.240226477f, 0.0555033237f, 0.00961843692f, 0.0013398875f, 0.00015353362f});
  return {p, f.subInt(f.bits(shifted), f.intConstant(kRoundBits))};
}

Value pleat::buildExp2(OpBuilder &builder, Location loc, Value y) {
  FloatOps f(builder, loc, y.getType());
  auto [p, n] = splitExp2(f, f.clamp(y, -151.0f, 129.0f));
  return scaleByPowerOfTwo(f, p, n);
}

Value pleat::buildLog(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Value zero = f.constant(0.0f);
  // Denormals are scaled into the normal range, so that the exponent can be read off.
  Value isSmall = f.greater(f.constant(std::numeric_limits<float>::min()), x);
  Value normal = f.select(isSmall, f.mul(x, f.constant(8388608.0f)), x);
  // x = m 2^e with m in [sqrt(1/2), sqrt(2)).
  Value e = f.shiftRight(f.subInt(f.bits(normal), f.intConstant(0x3F3504F3)), 23);
  Value m = f.fromBits(f.subInt(f.bits(normal), f.shiftLeft(e, 23)));
  Value exponent = f.add(f.toFloat(e), f.select(isSmall, f.constant(-23.0f), zero));
  // log(1 + d) = d - d^2/2 + d^3 P(d).
  Value d = f.sub(m, f.constant(1.0f));
  Value d2 = f.mul(d, d);
  Value p = f.horner(d, {0.333333313f, -0.250008196f, 0.200012267f, -0.166233569f, 0.142017573f, -0.13160184f,
                         0.127615824f, -0.0763449743f});
  Value y = f.mul(f.mul(d, d2), p);
  // ln 2 in two pieces; the first has few bits, so that its product is exact.
  y = f.fma(exponent, f.constant(-2.12194440e-4f), y);
  y = f.fma(f.constant(-0.5f), d2, y);
  y = f.fma(exponent, f.constant(0.693359375f), f.add(d, y));
  y = f.select(f.greater(f.constant(kInfinity), x), y, x);
  y = f.select(f.greater(zero, x), f.constant(std::numeric_limits<float>::quiet_NaN()), y);
  return f.select(f.equal(x, zero), f.constant(-kInfinity), y);
}

/// x P(x^2) / Q(x^2), with x within [-limit, limit] and the result within [-1, 1].
static Value buildSaturating(FloatOps &f, Value x, float limit, ArrayRef<float> p, ArrayRef<float> q) {
  x = f.clamp(x, -limit, limit);
  Value z = f.mul(x, x);
  return f.clamp(f.div(f.mul(x, f.horner(z, p)), f.horner(z, q)), -1.0f, 1.0f);
}

Value pleat::buildErf(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return buildSaturating(
      f, x, 3.92f, {1.48504651f, 0.250591189f, 0.069421716f, 0.00495580211f, 0.00037491892f, 2.6979742e-06f},
      {1.3160882f, 0.660775959f, 0.15017727f, 0.019700665f, 0.00152995996f, 5.0130162e-05f});
}

Value pleat::buildTanh(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return buildSaturating(
      f, x, 9.02f, {1.82918561f, 0.252159983f, 0.00733231893f, 5.77825049e-05f, 9.28542789e-08f},
      {1.82918561f, 0.861888468f, 0.0507371016f, 0.000769615057f, 2.95869904e-06f, 1.34893474e-09f});
}

/// 1 + e^-x. What vanishes beside 1 may be 0, so one factor of 2 p 2^(n - 1) is enough: it
/// reaches from 2^-127, made 0, to where the product overflows.
static Value buildSigmoidDenominator(FloatOps &f, Value x) {
  auto [p, n] = splitExp(f, f.clamp(f.negate(x), -87.3f, 89.0f));
  Value factor = f.powerOfTwo(f.subInt(n, f.intConstant(1)));
  return f.fma(f.add(p, p), factor, f.constant(1.0f));
}

Value pleat::buildSigmoid(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return f.div(f.constant(1.0f), buildSigmoidDenominator(f, x));
}

Value pleat::buildSilu(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return f.div(x, buildSigmoidDenominator(f, x));
}

Value pleat::buildGeluErf(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  Value erf = buildErf(builder, loc, f.mul(x, f.constant(0.707106769f)));
  Value half = f.mul(x, f.constant(0.5f));
  return f.fma(half, erf, half);
}

Value pleat::buildGeluTanh(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  // sqrt(2/pi) (x + 0.044715 x^3) = x (a + b x^2).
  Value scale = f.horner(f.mul(x, x), {0.797884583f, 0.0356774069f});
  Value tanh = buildTanh(builder, loc, f.mul(x, scale));
  Value half = f.mul(x, f.constant(0.5f));
  return f.fma(half, tanh, half);
}

/// sin(x + shift pi/2): the quadrant chooses between two polynomials and a sign.
static Value buildSinOfQuadrant(FloatOps &f, Value x, int32_t shift) {
  Value shifted = f.fma(x, f.constant(0.636619747f), f.constant(kRound));
  Value n = f.sub(shifted, f.constant(kRound));
  Value quadrant = f.addInt(f.subInt(f.bits(shifted), f.intConstant(kRoundBits)), f.intConstant(shift));
  // pi/2 in three pieces (Cody, Waite 1980).
  Value r = f.fma(n, f.constant(-1.57079637f), x);
  r = f.fma(n, f.constant(4.37113883e-08f), r);
  r = f.fma(n, f.constant(1.71512450e-15f), r);
  Value z = f.mul(r, r);
  Value sine = f.fma(f.mul(r, z), f.horner(z, {-0.166666552f, 0.00833217613f, -0.000195169763f}), r);
  Value cosine = f.horner(z, {1.0f, -0.5f, 0.0416666456f, -0.00138873642f, 2.44380899e-05f});
  Value isEven = f.isZero(f.andInt(quadrant, f.intConstant(1)));
  Value magnitude = f.select(isEven, sine, cosine);
  Value sign = f.shiftLeft(f.andInt(quadrant, f.intConstant(2)), 30);
  return f.fromBits(f.xorInt(f.bits(magnitude), sign));
}

Value pleat::buildSinReduced(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return buildSinOfQuadrant(f, x, 0);
}

Value pleat::buildCosReduced(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return buildSinOfQuadrant(f, x, 1);
}
