// Reductions over axes: a fold by linalg, then a function of the folded value.
#include "passes/Analysis/SymbolicShapes/Windows.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

static Value plus(B &b, Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::AddFOp::create(b, a, c);
  return arith::AddIOp::create(b, a, c);
}

static Value times(B &b, Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::MulFOp::create(b, a, c);
  return arith::MulIOp::create(b, a, c);
}

/// Folds `axes` of `x`, starting from `start`. `body` gets an element and what is folded so far.
static Value foldAxes(Lowering &lowering, Value x, ArrayRef<int64_t> axes, TypedAttr start,
                      Lowering::Body body) {
  Sizes sizes = lowering.sizes(x), kept;
  SmallVector<AffineExpr> outputs;
  SmallVector<utils::IteratorType> iterators(sizes.size(), utils::IteratorType::parallel);
  for (auto [axis, size] : llvm::enumerate(sizes)) {
    if (llvm::is_contained(axes, static_cast<int64_t>(axis))) {
      iterators[axis] = utils::IteratorType::reduction;
    } else {
      kept.push_back(size);
      outputs.push_back(lowering.getAffineDimExpr(axis));
    }
  }
  Value init = lowering.filled(kept, arith::ConstantOp::create(lowering, start));
  SmallVector<AffineMap> maps{lowering.getMultiDimIdentityMap(sizes.size()),
                              AffineMap::get(sizes.size(), 0, outputs, lowering.getContext())};
  return lowering.generic(x, init, maps, iterators, body);
}

static Value map(Lowering &lowering, ValueRange inputs, Lowering::Body body) {
  Value x = inputs[0];
  return lowering.elementwise(inputs, lowering.sizes(x), lowering.elementType(x), body);
}

/// Divides by the number of folded elements.
static Value divideByCount(Lowering &lowering, Value sum, Value x, ArrayRef<int64_t> axes) {
  Sizes sizes = lowering.sizes(x), folded;
  for (int64_t axis : axes)
    folded.push_back(sizes[axis]);
  AffineExpr count = lowering.algebra().product(folded);
  std::optional<int64_t> fixed = lowering.constantSize(count);
  Value dynamic = fixed ? Value() : lowering.size(count);
  return map(lowering, sum, [&](B &b, ValueRange in) -> Value {
    Type type = in[0].getType();
    if (!isa<FloatType>(type)) {
      Value whole = fixed ? arith::ConstantOp::create(b, b.getIntegerAttr(type, *fixed)).getResult()
                          : arith::IndexCastOp::create(b, type, dynamic).getResult();
      return arith::DivSIOp::create(b, in[0], whole);
    }
    Value divisor =
        fixed ? arith::ConstantOp::create(b, b.getFloatAttr(type, *fixed)).getResult()
              : arith::SIToFPOp::create(b, type, arith::IndexCastOp::create(b, b.getI64Type(), dynamic))
                    .getResult();
    return arith::DivFOp::create(b, in[0], divisor);
  });
}

enum class Reduction { Sum, Mean, Max, Min, Prod, L1, L2, SumSquare, LogSum, LogSumExp };

static Value absolute(B &b, Value x) {
  if (isa<FloatType>(x.getType()))
    return math::AbsFOp::create(b, x);
  return math::AbsIOp::create(b, x);
}

/// The greatest or least value of an integer type, or an infinity.
static TypedAttr extreme(B &b, Type type, bool least, bool isUnsigned) {
  if (isa<FloatType>(type))
    return b.getFloatAttr(type, least ? -INFINITY : INFINITY);
  unsigned width = type.getIntOrFloatBitWidth();
  if (isUnsigned || width == 1)
    return b.getIntegerAttr(type, least ? APInt::getMinValue(width) : APInt::getMaxValue(width));
  return b.getIntegerAttr(type, least ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
}

static Value extremeOf(Lowering &lowering, Value x, ArrayRef<int64_t> axes, bool greatest) {
  bool isUnsigned = lowering.isUnsigned(lowering.node.input(0)) || lowering.elementType(x).isInteger(1);
  TypedAttr start = extreme(lowering, lowering.elementType(x), greatest, isUnsigned);
  return foldAxes(lowering, x, axes, start, [&](B &b, ValueRange in) -> Value {
    if (isa<FloatType>(in[0].getType()))
      return greatest ? arith::MaximumFOp::create(b, in[0], in[1]).getResult()
                      : arith::MinimumFOp::create(b, in[0], in[1]).getResult();
    if (isUnsigned)
      return greatest ? arith::MaxUIOp::create(b, in[0], in[1]).getResult()
                      : arith::MinUIOp::create(b, in[0], in[1]).getResult();
    return greatest ? arith::MaxSIOp::create(b, in[0], in[1]).getResult()
                    : arith::MinSIOp::create(b, in[0], in[1]).getResult();
  });
}

/// log(sum(exp(x - m))) + m with m the greatest element, which no sum overflows. An infinite
/// m is left out, as inf - inf is none.
static Value logSumExp(Lowering &lowering, Value x, ArrayRef<int64_t> axes, ArrayRef<AffineExpr> keptDims) {
  Value greatest = map(lowering, extremeOf(lowering, x, axes, true), [](B &b, ValueRange in) -> Value {
    Value zero = arith::ConstantOp::create(b, b.getFloatAttr(in[0].getType(), 0));
    Value infinite =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, in[0]),
                              arith::ConstantOp::create(b, b.getFloatAttr(in[0].getType(), INFINITY)));
    return arith::SelectOp::create(b, infinite, zero, in[0]);
  });
  Value powers = map(lowering, {x, lowering.reshape(greatest, keptDims)}, [](B &b, ValueRange in) -> Value {
    return math::ExpOp::create(b, arith::SubFOp::create(b, in[0], in[1]));
  });
  TypedAttr zero = cast<TypedAttr>(lowering.getZeroAttr(lowering.elementType(x)));
  Value sum =
      foldAxes(lowering, powers, axes, zero, [](B &b, ValueRange in) { return plus(b, in[1], in[0]); });
  return map(lowering, {sum, greatest}, [](B &b, ValueRange in) -> Value {
    return arith::AddFOp::create(b, math::LogOp::create(b, in[0]), in[1]);
  });
}

static Value reduced(Lowering &lowering, Reduction kind, Value x, ArrayRef<int64_t> axes,
                     ArrayRef<AffineExpr> keptDims) {
  TypedAttr zero = cast<TypedAttr>(lowering.getZeroAttr(lowering.elementType(x)));
  auto sumOf = [&](Value (*of)(B &, Value)) {
    return foldAxes(lowering, x, axes, zero,
                    [&](B &b, ValueRange in) { return plus(b, in[1], of(b, in[0])); });
  };
  auto itself = [](B &, Value v) { return v; };
  auto square = [](B &b, Value v) { return times(b, v, v); };
  switch (kind) {
  case Reduction::Sum:
    return sumOf(itself);
  case Reduction::Mean:
    return divideByCount(lowering, sumOf(itself), x, axes);
  case Reduction::Max:
  case Reduction::Min:
    return extremeOf(lowering, x, axes, kind == Reduction::Max);
  case Reduction::Prod: {
    Type type = lowering.elementType(x);
    TypedAttr one = isa<FloatType>(type) ? TypedAttr(lowering.getFloatAttr(type, 1))
                                         : TypedAttr(lowering.getIntegerAttr(type, 1));
    return foldAxes(lowering, x, axes, one, [](B &b, ValueRange in) { return times(b, in[1], in[0]); });
  }
  case Reduction::L1:
    return sumOf(absolute);
  case Reduction::SumSquare:
    return sumOf(square);
  case Reduction::L2:
    return map(lowering, sumOf(square),
               [](B &b, ValueRange in) -> Value { return math::SqrtOp::create(b, in[0]); });
  case Reduction::LogSum:
    return map(lowering, sumOf(itself),
               [](B &b, ValueRange in) -> Value { return math::LogOp::create(b, in[0]); });
  case Reduction::LogSumExp:
    return logSumExp(lowering, x, axes, keptDims);
  }
  llvm_unreachable("all reductions are listed");
}

/// The reduction with what it folds in f32 where it computes further on that.
static Value roundedOnce(Lowering &lowering, Reduction kind, Value x, ArrayRef<int64_t> axes,
                         ArrayRef<AffineExpr> keptDims) {
  bool folds = llvm::is_contained(
      {Reduction::Sum, Reduction::Max, Reduction::Min, Reduction::Prod, Reduction::L1, Reduction::SumSquare},
      kind);
  if (folds || !isa<FloatType>(lowering.elementType(x)))
    return reduced(lowering, kind, x, axes, keptDims);
  Value result = reduced(lowering, kind, lowering.widened(x), axes, keptDims);
  return lowering.rounded(result, lowering.elementType(x));
}

template <Reduction kind>
static LogicalResult reduce(Lowering &lowering) {
  NodeShapes facts(lowering.shapes, lowering.node);
  FailureOr<SmallVector<int64_t>> axes = resolveReducedAxes(facts);
  if (failed(axes))
    return lowering.fail(facts.reason);
  Value x = lowering.node.input(0);
  constexpr bool floatOnly =
      kind == Reduction::L2 || kind == Reduction::LogSum || kind == Reduction::LogSumExp;
  if (floatOnly && !isa<FloatType>(lowering.elementType(x)))
    return lowering.fail("expects floats");
  Sizes keptDims = lowering.sizes(x);
  for (int64_t axis : *axes)
    keptDims[axis] = lowering.constant(1);
  Value result = roundedOnce(lowering, kind, x, *axes, keptDims);
  return lowering.give(lowering.reshape(result, lowering.resultSizes()));
}

/// Pooling over all of the spatial axes.
template <Reduction kind>
static LogicalResult globalPool(Lowering &lowering) {
  Value x = lowering.node.input(0);
  Sizes keptDims = lowering.resultSizes();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, keptDims.size()));
  return lowering.give(lowering.reshape(roundedOnce(lowering, kind, x, axes, keptDims), keptDims));
}

ArrayRef<SupportedOp> pleat::supportedReductions() {
  static constexpr llvm::StringLiteral attributes = "axes keepdims noop_with_empty_axes";
  static constexpr llvm::StringLiteral limits = "constant axes";
  static constexpr SupportedOp ops[] = {
      {"GlobalAveragePool", 1, newestOpset, globalPool<Reduction::Mean>},
      {"GlobalMaxPool", 1, newestOpset, globalPool<Reduction::Max>},
      {"ReduceL1", 1, newestOpset, reduce<Reduction::L1>, limits, attributes},
      {"ReduceL2", 1, newestOpset, reduce<Reduction::L2>, "constant axes; floats", attributes},
      {"ReduceLogSum", 1, newestOpset, reduce<Reduction::LogSum>, "constant axes; floats", attributes},
      {"ReduceLogSumExp", 1, newestOpset, reduce<Reduction::LogSumExp>, "constant axes; floats", attributes},
      {"ReduceMax", 1, newestOpset, reduce<Reduction::Max>, limits, attributes},
      {"ReduceMean", 1, newestOpset, reduce<Reduction::Mean>, limits, attributes},
      {"ReduceMin", 1, newestOpset, reduce<Reduction::Min>, limits, attributes},
      {"ReduceProd", 1, newestOpset, reduce<Reduction::Prod>, limits, attributes},
      {"ReduceSum", 1, newestOpset, reduce<Reduction::Sum>, limits, attributes},
      {"ReduceSumSquare", 1, newestOpset, reduce<Reduction::SumSquare>, limits, attributes},
  };
  return ops;
}
