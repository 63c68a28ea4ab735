// Convolution and pooling: windows over the spatial axes.
#include "passes/Analysis/SymbolicShapes/Windows.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

using B = ImplicitLocOpBuilder;

/// Whether the last axis is there for its name only: some exporters write a convolution over
/// one axis as one over two.
static bool hasSingleColumn(Lowering &lowering, ArrayRef<AffineExpr> sizes, const Window &window) {
  return window.kernel.size() == 2 && lowering.constantSize(sizes.back()) == 1 && window.kernel[1] == 1 &&
         window.pads[1] == 0 && window.pads[3] == 0;
}

static LogicalResult conv(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  Value x = node.input(0), weight = node.input(1), bias = node.input(2);
  Sizes sizes = lowering.sizes(x), filter = lowering.sizes(weight);
  if (sizes.size() > 4)
    return lowering.fail("expects one or two spatial axes, but got " + Twine(sizes.size() - 2));
  SmallVector<int64_t> kernel;
  for (AffineExpr size : ArrayRef<AffineExpr>(filter).drop_front(2))
    kernel.push_back(lowering.constantSize(size).value_or(0));
  NodeShapes facts(lowering.shapes, node);
  FailureOr<Window> window = resolveWindow(facts, kernel, ArrayRef<AffineExpr>(sizes).drop_front(2));
  if (failed(window))
    return lowering.fail(facts.reason);
  Sizes result = lowering.resultSizes();
  bool isFlat = hasSingleColumn(lowering, sizes, *window);
  if (isFlat) {
    sizes.pop_back();
    filter.pop_back();
    x = lowering.reshape(x, sizes);
    weight = lowering.reshape(weight, filter);
    window->strides.pop_back();
    window->dilations.pop_back();
    window->pads = {window->pads[0], window->pads[2]};
  }
  Sizes computed = isFlat ? Sizes(ArrayRef<AffineExpr>(result).drop_back()) : result;
  auto type = lowering.tensorType(computed, lowering.resultElement());
  Value conv = ConvOp::create(lowering, type, x, weight, bias, window->strides, window->dilations,
                              window->pads, node.intAttr("group", 1));
  lowering.known(conv, computed);
  return lowering.give(isFlat ? lowering.reshape(conv, result) : conv);
}

/// `x` with `value` around its spatial axes.
static Value padded(Lowering &lowering, Value x, const Window &window, Value value) {
  size_t rank = window.kernel.size();
  if (llvm::all_of(window.pads, [](int64_t pad) { return pad == 0; }))
    return x;
  Sizes sizes = lowering.sizes(x);
  SmallVector<OpFoldResult> low(2, lowering.getIndexAttr(0)), high = low;
  for (size_t axis = 0; axis < rank; ++axis) {
    low.push_back(lowering.getIndexAttr(window.pads[axis]));
    high.push_back(lowering.getIndexAttr(window.pads[rank + axis]));
    sizes[2 + axis] = lowering.algebra().add(sizes[2 + axis],
                                             lowering.constant(window.pads[axis] + window.pads[rank + axis]));
  }
  return lowering.known(tensor::PadOp::create(lowering, lowering.tensorType(sizes, lowering.elementType(x)),
                                              x, low, high, value),
                        sizes);
}

/// Folds each window of `x`, which is padded already, into `init`.
static Value foldWindows(Lowering &lowering, Value x, Value init, const Window &window, Lowering::Body body) {
  size_t spatial = window.kernel.size(), rank = 2 + spatial;
  SmallVector<AffineExpr> inputs{lowering.getAffineDimExpr(0), lowering.getAffineDimExpr(1)};
  SmallVector<AffineExpr> outputs = inputs, kernels;
  Sizes kernel;
  for (size_t axis = 0; axis < spatial; ++axis) {
    AffineExpr out = lowering.getAffineDimExpr(2 + axis), in = lowering.getAffineDimExpr(rank + axis);
    inputs.push_back(out * window.strides[axis] + in * window.dilations[axis]);
    outputs.push_back(out);
    kernels.push_back(in);
    kernel.push_back(lowering.constant(window.kernel[axis]));
  }
  // The window's own extent has to be some operand's shape; nobody reads this one.
  Value extent = lowering.empty(kernel, lowering.elementType(x));
  auto map = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(rank + spatial, 0, results, lowering.getContext());
  };
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(spatial, utils::IteratorType::reduction);
  return lowering.generic({x, extent}, init, {map(inputs), map(kernels), map(outputs)}, iterators,
                          [&](B &b, ValueRange in) { return body(b, {in[0], in[2]}); });
}

static FailureOr<Window> windowOf(Lowering &lowering) {
  NodeShapes facts(lowering.shapes, lowering.node);
  Sizes sizes = lowering.sizes(lowering.node.input(0));
  SmallVector<int64_t> kernel = lowering.node.intsAttr("kernel_shape").value_or(SmallVector<int64_t>());
  FailureOr<Window> window = resolveWindow(facts, kernel, ArrayRef<AffineExpr>(sizes).drop_front(2));
  if (failed(window))
    return LogicalResult(lowering.fail(facts.reason));
  // A window that ceil_mode lets run over the end needs more room there.
  for (size_t axis = 0; axis < kernel.size(); ++axis) {
    std::optional<int64_t> outputs = lowering.constantSize(window->outputs[axis]),
                           size = lowering.constantSize(sizes[2 + axis]);
    int64_t &end = window->pads[kernel.size() + axis];
    if (!lowering.node.intAttr("ceil_mode", 0))
      continue;
    if (!outputs || !size)
      return LogicalResult(lowering.fail("expects static spatial sizes with ceil_mode"));
    int64_t needed =
        (*outputs - 1) * window->strides[axis] + (kernel[axis] - 1) * window->dilations[axis] + 1;
    end = std::max(end, needed - *size - window->pads[axis]);
  }
  return window;
}

static LogicalResult maxPool(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  if (node.getNumResults() > 1 && !node.getResult(1).use_empty())
    return lowering.fail("expects the indices output not to be used");
  FailureOr<Window> window = windowOf(lowering);
  if (failed(window))
    return failure();
  Value x = node.input(0);
  Type element = lowering.elementType(x);
  bool isUnsigned = lowering.isUnsigned(x), isFloat = isa<FloatType>(element);
  unsigned width = element.getIntOrFloatBitWidth();
  TypedAttr least =
      isFloat ? TypedAttr(lowering.getFloatAttr(element, -INFINITY))
              : TypedAttr(lowering.getIntegerAttr(element, isUnsigned ? APInt::getMinValue(width)
                                                                      : APInt::getSignedMinValue(width)));
  Value start = arith::ConstantOp::create(lowering, least);
  Value init = lowering.filled(lowering.resultSizes(), start);
  return lowering.give(foldWindows(lowering, padded(lowering, x, *window, start), init, *window,
                                   [&](B &b, ValueRange in) -> Value {
                                     if (isFloat)
                                       return arith::MaximumFOp::create(b, in[0], in[1]);
                                     return isUnsigned ? arith::MaxUIOp::create(b, in[0], in[1]).getResult()
                                                       : arith::MaxSIOp::create(b, in[0], in[1]).getResult();
                                   }));
}

/// Sums windows, and divides by their size: all of it, or what lies inside the input.
static LogicalResult averagePool(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  FailureOr<Window> window = windowOf(lowering);
  if (failed(window))
    return failure();
  Value x = lowering.widened(node.input(0));
  Type element = lowering.elementType(x);
  auto give = [&](Value average) {
    return lowering.give(lowering.rounded(average, lowering.resultElement()));
  };
  Value zero = lowering.scalar(element, 0);
  auto sumOf = [&](Value of, ArrayRef<AffineExpr> sizes) {
    return foldWindows(lowering, of, lowering.filled(sizes, zero), *window,
                       [](B &b, ValueRange in) -> Value { return arith::AddFOp::create(b, in[1], in[0]); });
  };
  Sizes result = lowering.resultSizes(), sizes = lowering.sizes(x);
  Value sum = sumOf(padded(lowering, x, *window, zero), result);
  size_t rank = window->kernel.size();
  bool includePads = node.intAttr("count_include_pad", 0), ceil = node.intAttr("ceil_mode", 0);
  bool uniform = llvm::all_of(window->pads, [](int64_t pad) { return pad == 0; }) || (includePads && !ceil);
  if (uniform) {
    double count = std::accumulate(window->kernel.begin(), window->kernel.end(), 1.0, std::multiplies<>());
    return give(lowering.elementwise(sum, result, element, [&](B &b, ValueRange in) -> Value {
      return arith::DivFOp::create(b, in[0], arith::ConstantOp::create(b, b.getFloatAttr(element, count)));
    }));
  }
  // Counts: the same sum over ones.
  Sizes ones = sizes, counted = result;
  ones[0] = ones[1] = counted[0] = counted[1] = lowering.constant(1);
  Window inside = *window;
  if (includePads) { // The declared pads count, what ceil_mode added does not.
    SmallVector<int64_t> declared = node.intsAttr("pads").value_or(SmallVector<int64_t>(2 * rank, 0));
    for (size_t axis = 0; axis < rank; ++axis) {
      ones[2 + axis] =
          lowering.algebra().add(ones[2 + axis], lowering.constant(declared[axis] + declared[rank + axis]));
      inside.pads[axis] -= declared[axis];
      inside.pads[rank + axis] -= declared[rank + axis];
    }
  }
  Value counts =
      sumOf(padded(lowering, lowering.filled(ones, lowering.scalar(element, 1)), inside, zero), counted);
  return give(lowering.elementwise({sum, counts}, result, element, [](B &b, ValueRange in) -> Value {
    return arith::DivFOp::create(b, in[0], in[1]);
  }));
}

ArrayRef<SupportedOp> pleat::supportedConvolutions() {
  static constexpr SupportedOp ops[] = {
      {"AveragePool", 7, newestOpset, averagePool, "floats",
       "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides"},
      {"Conv", 1, newestOpset, conv, "one or two spatial axes",
       "auto_pad dilations group kernel_shape pads strides"},
      {"MaxPool", 1, newestOpset, maxPool, "the indices output is not used",
       "auto_pad ceil_mode dilations kernel_shape pads storage_order strides"},
  };
  return ops;
}
