// How much work each op is. Counting happens when weights have their layouts, which say how
// many bytes an element takes, and before kernels are formed.
#include "passes/Optimization/CountWork/CountWork.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

namespace pleat {
#define GEN_PASS_DEF_COUNTWORK
#include "passes/Optimization/CountWork/CountWork.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// Operations an element of these takes; see the formulas of the ops.
constexpr int64_t layerNormWork = 7, rmsNormWork = 4, softmaxWork = 4, rotaryWork = 3;

class Counter {
public:
  explicit Counter(func::FuncOp function)
      : function(function), sizes(function), operations(constant(0)), bytes(constant(0)) {}

  LogicalResult count() {
    for (Value argument : function.getArguments())
      if (isa<RankedTensorType>(argument.getType()) && failed(addBytes(argument, 1)))
        return failure();
    return countBlock(function.getBody().front(), 1);
  }

  AffineMap map() {
    return AffineMap::get(0, sizes.dims().size(), {operations, bytes}, function.getContext());
  }

private:
  AffineExpr constant(int64_t value) { return getAffineConstantExpr(value, function.getContext()); }

  LogicalResult addBytes(Value tensor, int64_t times) {
    return addElements(tensor, elementBytes(tensor), times);
  }

  /// Adds `width` bytes for every element of `tensor`.
  LogicalResult addElements(Value tensor, int64_t width, int64_t times) {
    auto elements = sizes.elementsOf(tensor);
    if (failed(elements))
      return failure();
    bytes = bytes + *elements * (width * times);
    return success();
  }

  static int64_t typeBytes(Type element) {
    return element.isIntOrFloat() ? llvm::divideCeil(element.getIntOrFloatBitWidth(), 8) : 8;
  }

  /// Bytes an element takes where it lies.
  static int64_t elementBytes(Value tensor) {
    WeightOp weight = weightBehind(tensor);
    std::optional<Layout> layout = weight ? weight.getLayout() : std::nullopt;
    if (layout == Layout::AmxBf16)
      return 2;
    if (layout == Layout::AmxBf16x3)
      return 6;
    return typeBytes(cast<RankedTensorType>(tensor.getType()).getElementType());
  }

  /// Adds `each` operations for every element of `tensor`.
  LogicalResult addWork(Value tensor, AffineExpr each, int64_t times) {
    auto elements = sizes.elementsOf(tensor);
    if (failed(elements))
      return failure();
    operations = operations + *elements * each * times;
    return success();
  }

  LogicalResult addWork(Value tensor, int64_t each, int64_t times) {
    return addWork(tensor, constant(each), times);
  }

  LogicalResult countBlock(Block &block, int64_t times) {
    for (Operation &op : block)
      if (failed(countOp(op, times)))
        return failure();
    return success();
  }

  LogicalResult countOp(Operation &op, int64_t times) {
    if (auto repeat = dyn_cast<RepeatOp>(op))
      return countBlock(repeat.getBody().front(), times * repeat.getCount());
    if (isa<StackOp, UnstackOp, WeightOp, TransposedOp>(op))
      return success(); // weights are counted where they are used
    if (failed(countWeights(op, times)))
      return failure();
    return llvm::TypeSwitch<Operation &, LogicalResult>(op)
        .Case<LinearOp>([&](LinearOp linear) {
          int64_t depth = cast<RankedTensorType>(linear.getWeight().getType()).getDimSize(0);
          return addWork(linear, 2 * depth, times);
        })
        .Case<AttentionOp>([&](AttentionOp attention) { return countAttention(attention, times); })
        .Case<ConvOp>([&](ConvOp conv) {
          auto kernel = cast<RankedTensorType>(conv.getWeight().getType());
          int64_t taps = kernel.hasStaticShape()
                             ? kernel.getNumElements() / std::max<int64_t>(kernel.getDimSize(0), 1)
                             : 0;
          return addWork(conv, 2 * taps, times);
        })
        .Case<LayerNormOp>([&](Operation *norm) { return addWork(norm->getResult(0), layerNormWork, times); })
        .Case<RmsNormOp>([&](Operation *norm) { return addWork(norm->getResult(0), rmsNormWork, times); })
        .Case<SoftmaxOp>(
            [&](Operation *softmax) { return addWork(softmax->getResult(0), softmaxWork, times); })
        .Case<RotaryOp>([&](Operation *rotary) { return addWork(rotary->getResult(0), rotaryWork, times); })
        .Case<ActivationOp>(
            [&](Operation *activation) { return addWork(activation->getResult(0), 1, times); })
        .Case<linalg::LinalgOp>([&](linalg::LinalgOp generic) { return countLoops(generic, times); })
        .Default([](Operation &) { return success(); });
  }

  /// Bytes of the weights that an op reads. A table's rows are as many as the result's.
  LogicalResult countWeights(Operation &op, int64_t times) {
    if (auto gather = dyn_cast<GatherOp>(op); gather && weightBehind(gather.getTable()))
      return addElements(gather, elementBytes(gather.getTable()), times);
    // A gather of a packed table finds its elements, or their parts, from within its loops.
    WalkResult walk = op.walk([&](tensor::ExtractOp extract) {
      bool isTable = weightBehind(extract.getTensor()) != nullptr;
      bool isCounted =
          !isTable || succeeded(addElements(op.getResult(0), typeBytes(extract.getType()), times));
      return isCounted ? WalkResult::advance() : WalkResult::interrupt();
    });
    if (walk.wasInterrupted())
      return failure();
    for (Value operand : op.getOperands())
      if (isa<RankedTensorType>(operand.getType()) && weightBehind(operand) &&
          failed(addBytes(operand, times)))
        return failure();
    return success();
  }

  /// Two products over the keys, for every query and head. Of S causal queries over T keys, the last sees all
  /// keys and each one before it sees one less: on average T - (S - 1) / 2.
  LogicalResult countAttention(AttentionOp attention, int64_t times) {
    auto query = sizes.shapeOf(attention.getQuery()), key = sizes.shapeOf(attention.getKey());
    if (failed(query) || failed(key))
      return failure();
    AffineExpr each = (*key)[2] * 2;
    if (attention.getCausal())
      each = each - (*query)[2] + 1;
    return success(succeeded(addWork(attention.getQuery(), each, times)) &&
                   succeeded(addWork(attention, each, times)));
  }

  LogicalResult countLoops(linalg::LinalgOp generic, int64_t times) {
    int64_t each = 0;
    for (Operation &op : generic.getBlock()->without_terminator())
      each += isa<arith::ArithDialect, math::MathDialect>(op.getDialect()) && !isa<arith::ConstantOp>(op) &&
              isa<FloatType>(op.getResult(0).getType());
    if (each == 0)
      return success();
    // A loop's extent is the size of some operand's axis that it walks alone.
    AffineExpr space = constant(each * times);
    SmallVector<AffineExpr> extents(generic.getNumLoops());
    for (OpOperand &operand : generic->getOpOperands()) {
      if (!isa<RankedTensorType>(operand.get().getType()))
        continue;
      auto shape = sizes.shapeOf(operand.get());
      if (failed(shape))
        return failure();
      for (auto [axis, index] : llvm::enumerate(generic.getMatchingIndexingMap(&operand).getResults()))
        if (auto loop = dyn_cast<AffineDimExpr>(index))
          extents[loop.getPosition()] = (*shape)[axis];
    }
    for (AffineExpr extent : extents) {
      if (!extent)
        return failure();
      space = space * extent;
    }
    operations = operations + space;
    return success();
  }

  func::FuncOp function;
  SizeExprs sizes;
  AffineExpr operations, bytes;
};

class CountWorkPass : public pleat::impl::CountWorkBase<CountWorkPass> {
public:
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    function->removeAttr(kWorkAttrName);
    if (function.isDeclaration())
      return;
    Counter counter(function);
    if (succeeded(counter.count()))
      function->setAttr(kWorkAttrName, AffineMapAttr::get(counter.map()));
  }
};

} // namespace
