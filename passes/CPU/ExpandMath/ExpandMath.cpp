// Which math ops are expanded, and in which precision; the formulas are in MathBuilder.
#include "passes/CPU/ExpandMath/ExpandMath.h"

#include "passes/CPU/FloatOps.h"
#include "passes/CPU/MathBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/CPU/ExpandMath/ExpandMath.h.inc"
} // namespace pleat

using namespace pleat;

using BuildFn = Value (*)(OpBuilder &, Location, Value);

/// f32 in the shape of `type`; null when `type` is no scalar or 1-D vector of a float of at
/// most 32 bits.
static Type computeType(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  if (!element || element.getWidth() > 32)
    return nullptr;
  Type f32 = Float32Type::get(type.getContext());
  if (type == element)
    return f32;
  auto vector = dyn_cast<VectorType>(type);
  if (!vector || vector.getRank() != 1 || vector.isScalable())
    return nullptr;
  return vector.clone(f32);
}

static Value convert(OpBuilder &builder, Location loc, Type to, Value value) {
  if (value.getType() == to)
    return value;
  bool widens = getElementTypeOrSelf(to).getIntOrFloatBitWidth() >
                getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
  if (widens)
    return arith::ExtFOp::create(builder, loc, to, value);
  return arith::TruncFOp::create(builder, loc, to, value);
}

static Value buildLog2(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return f.mul(buildLog(builder, loc, x), f.constant(1.44269502f));
}

static Value buildLog10(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return f.mul(buildLog(builder, loc, x), f.constant(0.434294492f));
}

static Value buildReciprocalRoot(OpBuilder &builder, Location loc, Value x) {
  FloatOps f(builder, loc, x.getType());
  return f.div(f.constant(1.0f), math::SqrtOp::create(builder, loc, x));
}

namespace {

/// A function of one argument whose formula covers all of it.
template <typename OpT>
struct ExpandUnary : OpRewritePattern<OpT> {
  ExpandUnary(MLIRContext *context, BuildFn build) : OpRewritePattern<OpT>(context), build(build) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Type type = computeType(op.getType());
    if (!type)
      return failure();
    Value x = convert(rewriter, op.getLoc(), type, op.getOperand());
    rewriter.replaceOp(op, convert(rewriter, op.getLoc(), op.getType(), build(rewriter, op.getLoc(), x)));
    return success();
  }

  BuildFn build;
};

/// Sine and cosine: the formula for small arguments, libm if any element is large.
template <typename OpT>
struct ExpandPeriodic : OpRewritePattern<OpT> {
  ExpandPeriodic(MLIRContext *context, BuildFn build) : OpRewritePattern<OpT>(context), build(build) {}

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Type type = computeType(op.getType());
    if (!type || op->hasAttr(kLargeAttr))
      return failure();
    Location loc = op.getLoc();
    Value x = convert(rewriter, loc, type, op.getOperand());
    FloatOps f(rewriter, loc, type);
    Value isLarge = f.notLessOrEqual(f.absolute(x), f.constant(8192.0f));
    if (isa<VectorType>(type))
      isLarge = vector::ReductionOp::create(rewriter, loc, vector::CombiningKind::OR, isLarge);
    auto choice = scf::IfOp::create(
        rewriter, loc, isLarge,
        [&](OpBuilder &builder, Location) {
          scf::YieldOp::create(builder, loc, elementwise(builder, loc, x));
        },
        [&](OpBuilder &builder, Location) { scf::YieldOp::create(builder, loc, build(builder, loc, x)); });
    rewriter.replaceOp(op, convert(rewriter, loc, op.getType(), choice.getResult(0)));
    return success();
  }

private:
  static constexpr StringLiteral kLargeAttr = "pleat.large";

  static Value libm(OpBuilder &builder, Location loc, Value x) {
    auto call = OpT::create(builder, loc, x);
    call->setDiscardableAttr(kLargeAttr, builder.getUnitAttr());
    return call;
  }

  static Value elementwise(OpBuilder &builder, Location loc, Value x) {
    auto vector = dyn_cast<VectorType>(x.getType());
    if (!vector)
      return libm(builder, loc, x);
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < vector.getNumElements(); ++lane)
      elements.push_back(libm(builder, loc, vector::ExtractOp::create(builder, loc, x, lane)));
    return vector::FromElementsOp::create(builder, loc, vector, elements);
  }

  BuildFn build;
};

/// Powers that are a few multiplications, divisions or roots.
struct ExpandPower : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op, PatternRewriter &rewriter) const override {
    FloatAttr scalar;
    SplatElementsAttr splat;
    if (!matchPattern(op.getRhs(), m_Constant(&scalar))) {
      if (!matchPattern(op.getRhs(), m_Constant(&splat)))
        return failure();
      scalar = splat.getSplatValue<FloatAttr>();
    }
    Value power = build(rewriter, op.getLoc(), op.getLhs(), scalar.getValueAsDouble());
    if (!power)
      return failure();
    rewriter.replaceOp(op, power);
    return success();
  }

private:
  static Value build(OpBuilder &builder, Location loc, Value x, double exponent) {
    auto times = [&](Value a, Value b) -> Value { return arith::MulFOp::create(builder, loc, a, b); };
    auto constant = [&](double number) -> Value {
      TypedAttr value = builder.getFloatAttr(getElementTypeOrSelf(x.getType()), number);
      if (auto vector = dyn_cast<VectorType>(x.getType()))
        value = DenseElementsAttr::get(vector, ArrayRef<Attribute>(value));
      return arith::ConstantOp::create(builder, loc, value);
    };
    // The power of -0 is that of 0, and that of -inf that of inf; their roots are -0 and NaN.
    auto root = [&]() -> Value {
      Value positive = arith::AddFOp::create(builder, loc, x, constant(0.0));
      Value least = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, x, constant(-INFINITY));
      return arith::SelectOp::create(builder, loc, least, constant(INFINITY),
                                     math::SqrtOp::create(builder, loc, positive));
    };
    auto reciprocal = [&](Value a) -> Value { return arith::DivFOp::create(builder, loc, constant(1.0), a); };
    if (exponent == 0.0)
      return constant(1.0);
    if (exponent == 1.0)
      return x;
    if (exponent == 2.0)
      return times(x, x);
    if (exponent == 3.0)
      return times(times(x, x), x);
    if (exponent == 0.5)
      return root();
    if (exponent == -0.5)
      return reciprocal(root());
    if (exponent == -1.0)
      return reciprocal(x);
    return nullptr;
  }
};

/// LLVM's integer absolute value has no vector form here; the least value stays, as there.
struct ExpandAbsolute : OpRewritePattern<math::AbsIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::AbsIOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = op.getOperand();
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(x.getType()));
    Value isNegative = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::slt, x, zero);
    Value negated = arith::SubIOp::create(rewriter, loc, zero, x);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isNegative, negated, x);
    return success();
  }
};

/// No level multiplies and adds in half precision, and LLVM would go through double by a
/// library call. In f32 the product is exact, so only the sum is rounded before the result.
struct WidenFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    Type type = computeType(op.getType());
    if (!type || type == op.getType())
      return failure();
    Location loc = op.getLoc();
    SmallVector<Value> wide;
    for (Value operand : op.getOperands())
      wide.push_back(convert(rewriter, loc, type, operand));
    Value sum = math::FmaOp::create(rewriter, loc, wide[0], wide[1], wide[2]);
    rewriter.replaceOp(op, convert(rewriter, loc, op.getType(), sum));
    return success();
  }
};

/// No level rounds f64 to 16 bits. It goes through f32, whose last bit says whether anything
/// was lost: rounding that to fewer bits is then the same as rounding once.
struct NarrowInTwoSteps : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Type type = computeType(op.getType()), from = op.getIn().getType();
    if (!type || type == op.getType() || !getElementTypeOrSelf(from).isF64())
      return failure();
    Location loc = op.getLoc();
    FloatOps f(rewriter, loc, type);
    Value near = arith::TruncFOp::create(rewriter, loc, type, op.getIn());
    Value back = arith::ExtFOp::create(rewriter, loc, from, near);
    auto differs = [&](arith::CmpFPredicate predicate, Value a, Value b) -> Value {
      return arith::CmpFOp::create(rewriter, loc, predicate, a, b);
    };
    Value isFurther = differs(arith::CmpFPredicate::OGT, math::AbsFOp::create(rewriter, loc, back),
                              math::AbsFOp::create(rewriter, loc, op.getIn()));
    Value isInexact = differs(arith::CmpFPredicate::ONE, back, op.getIn());
    Value one = f.intConstant(1), zero = f.intConstant(0);
    Value toZero = f.subInt(f.bits(near), f.select(isFurther, one, zero));
    Value odd = arith::OrIOp::create(rewriter, loc, toZero, f.select(isInexact, one, zero));
    rewriter.replaceOp(op, convert(rewriter, loc, op.getType(), f.fromBits(odd)));
    return success();
  }
};

static bool isBf16(Type type) { return getElementTypeOrSelf(type).isBF16(); }

/// bf16 is the upper half of an f32.
struct WidenBf16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Type type = computeType(op.getIn().getType());
    if (!type || !isBf16(op.getIn().getType()))
      return failure();
    Location loc = op.getLoc();
    FloatOps f(rewriter, loc, type);
    Value zero = f.intConstant(0);
    Value half = arith::BitcastOp::create(rewriter, loc, halvesOf(zero.getType()), op.getIn());
    Value whole = f.fromBits(f.shiftLeft(arith::ExtUIOp::create(rewriter, loc, zero.getType(), half), 16));
    rewriter.replaceOp(op, convert(rewriter, loc, op.getType(), whole));
    return success();
  }

  static Type halvesOf(Type ints) {
    Type half = IntegerType::get(ints.getContext(), 16);
    auto vector = dyn_cast<VectorType>(ints);
    return vector ? vector.clone(half) : half;
  }
};

/// Rounds the lower half of an f32 away, ties to even; where no level does it, LLVM calls a
/// library.
struct RoundToBf16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Type type = computeType(op.getType());
    if (!type || !isBf16(op.getType()) || op.getIn().getType() != type)
      return failure();
    Location loc = op.getLoc();
    FloatOps f(rewriter, loc, type);
    Value bits = f.bits(op.getIn());
    auto upperHalf = [&](Value of) -> Value {
      return arith::ShRUIOp::create(rewriter, loc, of, f.intConstant(16));
    };
    Value isOdd = f.andInt(upperHalf(bits), f.intConstant(1));
    Value rounded = f.addInt(bits, f.addInt(isOdd, f.intConstant(0x7FFF)));
    // Rounding could carry a NaN over into a number; its first bit is set instead.
    Value isNaN = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::UNO, op.getIn(), op.getIn());
    Value quiet = arith::OrIOp::create(rewriter, loc, bits, f.intConstant(0x400000));
    Value half = upperHalf(f.select(isNaN, quiet, rounded));
    half = arith::TruncIOp::create(rewriter, loc, WidenBf16::halvesOf(half.getType()), half);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), half);
    return success();
  }
};

struct ExpandMath : pleat::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<ExpandUnary<math::ExpOp>>(context, buildExp);
    patterns.add<ExpandUnary<math::Exp2Op>>(context, buildExp2);
    patterns.add<ExpandUnary<math::LogOp>>(context, buildLog);
    patterns.add<ExpandUnary<math::Log2Op>>(context, buildLog2);
    patterns.add<ExpandUnary<math::Log10Op>>(context, buildLog10);
    patterns.add<ExpandUnary<math::ErfOp>>(context, buildErf);
    patterns.add<ExpandUnary<math::TanhOp>>(context, buildTanh);
    patterns.add<ExpandUnary<math::RsqrtOp>>(context, buildReciprocalRoot);
    patterns.add<ExpandPeriodic<math::SinOp>>(context, buildSinReduced);
    patterns.add<ExpandPeriodic<math::CosOp>>(context, buildCosReduced);
    patterns.add<ExpandPower, ExpandAbsolute, WidenFma, NarrowInTwoSteps>(context);
    patterns.add<WidenBf16, RoundToBf16>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
