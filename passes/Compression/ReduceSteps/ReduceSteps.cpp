// Whether a repeat may be shortened, where its residual branches are, and the shortening.
#include "passes/Compression/ReduceSteps/ReduceSteps.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/Utils/Ledger.h"
#include "passes/Utils/SizeValues.h"

#include "llvm/Support/FormatVariadic.h"

namespace pleat {
#define GEN_PASS_DEF_REDUCESTEPS
#include "passes/Compression/ReduceSteps/ReduceSteps.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// The addition of two tensors of one shape, element by element, and nothing else.
static linalg::GenericOp asAddition(Value value) {
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 2 || generic.getNumParallelLoops() != generic.getNumLoops() ||
      !llvm::all_of(generic.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
    return {};
  Block &body = *generic.getBody();
  auto sum = dyn_cast<arith::AddFOp>(body.front());
  if (!sum || body.getOperations().size() != 2 || body.getTerminator()->getOperand(0) != sum.getResult())
    return {};
  Value a = body.getArgument(0), b = body.getArgument(1);
  bool readsBoth = (sum.getLhs() == a && sum.getRhs() == b) || (sum.getLhs() == b && sum.getRhs() == a);
  return readsBoth ? generic : linalg::GenericOp();
}

/// What a norm normalises; null for what is none.
static Value normalisedBy(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto norm = dyn_cast_or_null<LayerNormOp>(op))
    return norm.getX();
  if (auto norm = dyn_cast_or_null<RmsNormOp>(op))
    return norm.getX();
  return {};
}

namespace {

/// The additions on the way from a layer's input to its result, and which operand of each
/// is the branch.
struct Branches {
  Value input;
  SmallVector<std::pair<linalg::GenericOp, unsigned>> found;
  bool isAmbiguous = false;

  /// Whether additions and norms alone lead from the input to `value`; notes the additions.
  bool follow(Value value) {
    if (value == input)
      return true;
    if (Value inner = normalisedBy(value))
      return follow(inner);
    linalg::GenericOp addition = asAddition(value);
    if (!addition)
      return false;
    size_t before = found.size();
    bool first = follow(addition.getInputs()[0]);
    size_t between = found.size();
    bool second = follow(addition.getInputs()[1]);
    isAmbiguous |= first && second;
    if (!first && !second) {
      found.truncate(before);
      return false;
    }
    if (!second)
      found.truncate(between);
    found.emplace_back(addition, first ? 1 : 0);
    return true;
  }
};

class ReduceStepsPass : public pleat::impl::ReduceStepsBase<ReduceStepsPass> {
public:
  using ReduceStepsBase::ReduceStepsBase;

  void runOnOperation() override {
    if (iterations < 1 || (residual != "branch" && residual != "block") ||
        (distinct != "refuse" && distinct != "nearest")) {
      emitError(getOperation().getLoc(),
                "pleat-reduce-steps expects iterations of at least 1, residual=branch or block, "
                "and distinct=refuse or nearest");
      return signalPassFailure();
    }
    SmallVector<RepeatOp> repeats;
    getOperation().walk([&](RepeatOp repeat) { repeats.push_back(repeat); });
    if (repeats.empty()) {
      emitError(getOperation().getLoc(), "pleat-reduce-steps finds no layer that repeats");
      return signalPassFailure();
    }
    for (RepeatOp repeat : repeats)
      if (failed(shorten(repeat)))
        return signalPassFailure();
  }

private:
  LogicalResult check(RepeatOp repeat) {
    int64_t count = repeat.getCount();
    if (iterations > count)
      return repeat.emitError() << "pleat-reduce-steps expects at most " << count << " iterations, but got "
                                << iterations.getValue();
    if (repeat.getCarried().size() != 1)
      return repeat.emitError()
             << "pleat-reduce-steps expects layers that hand on one value, but these hand on "
             << repeat.getCarried().size();
    if (repeat.getNumResults() != 1)
      return repeat.emitError()
             << "pleat-reduce-steps expects layers that give nothing but their result, but "
             << repeat.getNumResults() - 1 << " values are collected from each of the " << count;
    if (!repeat.getStacked().empty() && distinct != "nearest")
      return repeat.emitError()
             << "pleat-reduce-steps expects layers with the same weights, but " << repeat.getStacked().size()
             << " differ; distinct=nearest takes those of the layer in the middle of each step";
    return success();
  }

  LogicalResult shorten(RepeatOp repeat) {
    if (failed(check(repeat)))
      return failure();
    int64_t before = repeat.getCount();
    if (iterations == before)
      return success();
    double step = static_cast<double>(before) / static_cast<double>(iterations);
    int64_t bytesBefore = weightBytes(repeat);
    if (failed(residual == "branch" ? scaleBranches(repeat, step) : scaleBlock(repeat, step)))
      return failure();
    keepNearest(repeat);
    repeat.setCount(iterations);
    int64_t flops = linearFlops(repeat);
    std::string what =
        "repeat of " + std::to_string(before) + " layers, " + std::to_string(iterations) + " run";
    addWeightChange(getOperation(), {"reduce-steps", what, "lossy", bytesBefore, weightBytes(repeat),
                                     flops * before, flops * iterations, 0});
    emitWarning(repeat.getLoc()) << iterations.getValue() << " of " << before
                                 << " iterations are run, with step " << llvm::formatv("{0}", step).str()
                                 << " (" << residual.getValue() << "); results differ from the model's";
    return success();
  }

  /// Bytes of distinct weights that the iterations read.
  int64_t weightBytes(RepeatOp repeat) {
    DenseSet<Value> weights;
    auto add = [&](Value value) {
      if (auto stack = value.getDefiningOp<StackOp>())
        weights.insert_range(stack.getValues());
      else if (value.getDefiningOp<WeightOp>())
        weights.insert(value);
    };
    llvm::for_each(repeat.getStacked(), add);
    repeat.walk([&](Operation *op) { llvm::for_each(op->getOperands(), add); });
    int64_t bytes = 0;
    for (Value weight : weights) {
      auto type = cast<RankedTensorType>(weight.getType());
      if (type.hasStaticShape() && type.getElementType().isIntOrFloat())
        bytes += type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    }
    return bytes;
  }

  /// Operations of one iteration's linears for a row of activations.
  int64_t linearFlops(RepeatOp repeat) {
    int64_t flops = 0;
    repeat.walk([&](LinearOp linear) {
      flops += 2 * cast<RankedTensorType>(linear.getWeight().getType()).getNumElements();
    });
    return flops;
  }

  LogicalResult scaleBranches(RepeatOp repeat, double step) {
    Block &body = repeat.getBody().front();
    Branches branches{body.getArgument(0), {}};
    if (!branches.follow(body.getTerminator()->getOperand(0)) || branches.found.empty() ||
        branches.isAmbiguous)
      return repeat.emitError()
             << "pleat-reduce-steps expects residual branches: additions that, with norms alone, lead "
                "from a layer's input to its result; residual=block does without";
    for (auto [addition, branch] : branches.found) {
      Block &inner = *addition.getBody();
      auto sum = cast<arith::AddFOp>(inner.front());
      OpBuilder builder(sum);
      Value operand = inner.getArgument(branch);
      Value factor =
          arith::ConstantOp::create(builder, sum.getLoc(), builder.getFloatAttr(operand.getType(), step));
      Value scaled = arith::MulFOp::create(builder, sum.getLoc(), operand, factor);
      sum->replaceUsesOfWith(operand, scaled);
    }
    return success();
  }

  LogicalResult scaleBlock(RepeatOp repeat, double step) {
    Block &body = repeat.getBody().front();
    Operation *yield = body.getTerminator();
    Value input = body.getArgument(0), result = yield->getOperand(0);
    auto type = cast<RankedTensorType>(input.getType());
    if (!isa<FloatType>(type.getElementType()))
      return repeat.emitError() << "pleat-reduce-steps expects layers on floats, but got '" << type << "'";
    auto function = repeat->getParentOfType<func::FuncOp>();
    SizeExprs sizes(function);
    SizeValues values(function, sizes.dims());
    auto shape = sizes.shapeOf(repeat.getCarried().front());
    if (failed(shape))
      return repeat.emitError() << "pleat-reduce-steps expects sizes that follow from the model's dimensions";
    SmallVector<Value> dynamic;
    for (auto [size, expr] : llvm::zip(type.getShape(), *shape))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(values.get(expr));
    OpBuilder builder(yield);
    Location loc = repeat.getLoc();
    Value empty = tensor::EmptyOp::create(builder, loc, type, dynamic);
    AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    auto stepped = linalg::GenericOp::create(
        builder, loc, type, ValueRange{input, result}, empty,
        ArrayRef<AffineMap>{identity, identity, identity}, loops,
        [&](OpBuilder &b, Location l, ValueRange elements) {
          Value factor = arith::ConstantOp::create(b, l, b.getFloatAttr(type.getElementType(), step));
          Value difference = arith::SubFOp::create(b, l, elements[1], elements[0]);
          Value scaled = arith::MulFOp::create(b, l, difference, factor);
          linalg::YieldOp::create(b, l, arith::AddFOp::create(b, l, elements[0], scaled).getResult());
        });
    yield->setOperand(0, stepped.getResult(0));
    return success();
  }

  /// Of each stack, the slices of the layers in the middle of the steps.
  void keepNearest(RepeatOp repeat) {
    int64_t before = repeat.getCount();
    OpBuilder builder(repeat);
    for (OpOperand &operand : repeat.getStackedMutable()) {
      auto stack = operand.get().getDefiningOp<StackOp>();
      auto type = cast<RankedTensorType>(operand.get().getType());
      SmallVector<int64_t> shape(type.getShape());
      shape.front() = iterations;
      SmallVector<Value> kept;
      for (int64_t k = 0; k < iterations; ++k) {
        int64_t layer = (2 * k + 1) * before / (2 * iterations);
        kept.push_back(stack
                           ? Value(stack.getValues()[layer])
                           : UnstackOp::create(builder, repeat.getLoc(),
                                               type.clone(ArrayRef(shape).drop_front()), operand.get(), layer)
                                 .getResult());
      }
      operand.set(StackOp::create(builder, repeat.getLoc(), type.clone(shape), kept));
      if (stack && stack.use_empty())
        stack.erase();
    }
  }
};

} // namespace
