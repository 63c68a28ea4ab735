/// Reshapes match groups of axes from the last one forwards; what cannot be matched one by
/// one (dynamic sizes) is taken as one group, which must lie as a single axis in memory.
#include "passes/CPU/Utils/StridedView.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/KernelAbi/KernelAbi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace pleat;

Extent Extent::operator*(const Extent &other) const {
  Extent product(coefficient * other.coefficient);
  product.symbols.append(symbols.begin(), symbols.end());
  product.symbols.append(other.symbols.begin(), other.symbols.end());
  llvm::sort(product.symbols);
  return product;
}

static Extent productOf(ArrayRef<Extent> extents) {
  Extent product(1);
  for (const Extent &extent : extents)
    product = product * extent;
  return product;
}

std::optional<StridedView> pleat::operandView(func::FuncOp kernel, unsigned operand) {
  unsigned arguments = kernel.getNumArguments();
  Type type =
      operand < arguments ? kernel.getArgumentTypes()[operand] : kernel.getResultTypes()[operand - arguments];
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || operandLayout(kernel, operand) != Layout::RowMajor)
    return std::nullopt;
  StridedView view{operand, {}, {}, {}};
  for (unsigned axis = 0; axis < tensor.getRank(); ++axis)
    view.sizes.push_back(tensor.isDynamicDim(axis) ? Extent(SlotSymbol{SlotSymbol::Size, operand, axis})
                                                   : Extent(tensor.getDimSize(axis)));
  for (unsigned axis = 0; axis < view.rank(); ++axis)
    view.strides.push_back(isStrided(kernel, operand) && axis + 1 < view.rank()
                               ? Extent(SlotSymbol{SlotSymbol::Stride, operand, axis})
                               : productOf(ArrayRef(view.sizes).drop_front(axis + 1)));
  return view;
}

/// The stride with which axes [first, last) of `view` lie in memory as one axis.
static std::optional<Extent> commonStride(const StridedView &view, size_t first, size_t last) {
  std::optional<Extent> innermost, expected;
  for (size_t axis = last; axis-- > first;) {
    if (view.sizes[axis].isConstant(1))
      continue;
    if (expected && *expected != view.strides[axis])
      return std::nullopt;
    if (!innermost)
      innermost = view.strides[axis];
    expected = view.strides[axis] * view.sizes[axis];
  }
  return innermost ? innermost : Extent(0);
}

std::optional<StridedView> pleat::reshapeView(const StridedView &view, ArrayRef<Extent> sizes) {
  StridedView result{view.operand, view.offset, SmallVector<Extent>(sizes),
                     SmallVector<Extent>(sizes.size(), 0)};
  size_t from = view.rank(), to = sizes.size();
  while (from > 0 || to > 0) {
    size_t fromEnd = from, toEnd = to;
    Extent have = from > 0 ? view.sizes[--from] : Extent(1);
    Extent want = to > 0 ? sizes[--to] : Extent(1);
    while (have != want) {
      bool constants = have.isConstant() && want.isConstant();
      if (constants && have.getCoefficient() < want.getCoefficient() && from > 0) {
        have = have * view.sizes[--from];
      } else if (constants && want.getCoefficient() < have.getCoefficient() && to > 0) {
        want = want * sizes[--to];
      } else {
        // The whole is equal by the op's meaning: what is left is one group.
        from = to = 0;
        break;
      }
    }
    std::optional<Extent> stride = commonStride(view, from, fromEnd);
    if (!stride)
      return std::nullopt;
    for (size_t axis = toEnd; axis-- > to;) {
      result.strides[axis] = *stride;
      stride = *stride * sizes[axis];
    }
  }
  return result;
}

StridedView pleat::permuteView(const StridedView &view, ArrayRef<int64_t> permutation) {
  StridedView result{view.operand, view.offset, {}, {}};
  for (int64_t axis : permutation) {
    result.sizes.push_back(view.sizes[axis]);
    result.strides.push_back(view.strides[axis]);
  }
  return result;
}

std::optional<Extent> pleat::extentOf(func::FuncOp kernel, Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return Extent(*constant);
  if (auto argument = dyn_cast<BlockArgument>(index))
    return Extent(SlotSymbol{SlotSymbol::Index, argument.getArgNumber()});
  if (auto product = index.getDefiningOp<arith::MulIOp>()) {
    std::optional<Extent> lhs = extentOf(kernel, product.getLhs()), rhs = extentOf(kernel, product.getRhs());
    if (lhs && rhs)
      return *lhs * *rhs;
  }
  if (auto dim = index.getDefiningOp<tensor::DimOp>()) {
    std::optional<SmallVector<Extent>> sizes = sizesOf(kernel, dim.getSource());
    std::optional<int64_t> axis = dim.getConstantIndex();
    if (sizes && axis && *axis >= 0 && *axis < int64_t(sizes->size()))
      return (*sizes)[*axis];
  }
  return std::nullopt;
}

/// The sizes of `type`, whose dynamic ones are `dynamic`.
static std::optional<SmallVector<Extent>> mixedSizes(func::FuncOp kernel, RankedTensorType type,
                                                     ValueRange dynamic) {
  SmallVector<Extent> sizes;
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(size);
      continue;
    }
    std::optional<Extent> extent = extentOf(kernel, dynamic.front());
    if (!extent)
      return std::nullopt;
    sizes.push_back(*extent);
    dynamic = dynamic.drop_front();
  }
  return sizes;
}

static std::optional<SmallVector<Extent>> linearSizes(func::FuncOp kernel, LinearOp linear) {
  std::optional<SmallVector<Extent>> sizes = sizesOf(kernel, linear.getX());
  if (sizes)
    sizes->back() = cast<RankedTensorType>(linear.getResult().getType()).getShape().back();
  return sizes;
}

/// Whether `value` becomes the kernel's only result without a change of shape.
static bool hasShapeOfResult(func::FuncOp kernel, Value value) {
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (isa<func::ReturnOp>(user))
      return kernel.getNumResults() == 1;
    auto structured = dyn_cast<linalg::LinalgOp>(user);
    bool keepsShape = isa<ActivationOp>(user) ||
                      (structured && user->getNumResults() == 1 &&
                       structured.getMatchingIndexingMap(&*value.use_begin()).isIdentity() &&
                       structured.getMatchingIndexingMap(structured.getDpsInitOperand(0)).isIdentity());
    if (!keepsShape)
      return false;
    value = user->getResult(0);
  }
  return false;
}

/// A window's count is no product of sizes, but a result's sizes stand in its slots.
static std::optional<SmallVector<Extent>> convSizes(func::FuncOp kernel, ConvOp conv) {
  if (!hasShapeOfResult(kernel, conv.getResult()))
    return std::nullopt;
  std::optional<StridedView> result = operandView(kernel, kernel.getNumArguments());
  return result ? std::optional(result->sizes) : std::nullopt;
}

static std::optional<SmallVector<Extent>> attentionSizes(func::FuncOp kernel, AttentionOp attention) {
  std::optional<SmallVector<Extent>> query = sizesOf(kernel, attention.getQuery());
  std::optional<SmallVector<Extent>> value = sizesOf(kernel, attention.getValue());
  if (!query || !value)
    return std::nullopt;
  query->back() = value->back();
  return query;
}

std::optional<SmallVector<Extent>> pleat::sizesOf(func::FuncOp kernel, Value tensor) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type)
    return std::nullopt;
  if (type.hasStaticShape())
    return llvm::map_to_vector(type.getShape(), [](int64_t size) { return Extent(size); });
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    // A packed weight is static, so what gets here is stored row by row.
    std::optional<StridedView> view = operandView(kernel, argument.getArgNumber());
    return view ? std::optional(view->sizes) : std::nullopt;
  }
  Operation *op = tensor.getDefiningOp();
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return mixedSizes(kernel, type, reshape.getSizes());
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return mixedSizes(kernel, type, empty.getDynamicSizes());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return mixedSizes(kernel, type, slice.getSizes());
  if (auto linear = dyn_cast<LinearOp>(op))
    return linearSizes(kernel, linear);
  if (auto conv = dyn_cast<ConvOp>(op))
    return convSizes(kernel, conv);
  if (auto attention = dyn_cast<AttentionOp>(op))
    return attentionSizes(kernel, attention);
  if (isa<LayerNormOp, RmsNormOp, SoftmaxOp, RotaryOp>(op))
    return sizesOf(kernel, op->getOperand(0));
  if (auto activation = dyn_cast<ActivationOp>(op))
    return sizesOf(kernel, activation.getX());
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    std::optional<SmallVector<Extent>> sizes = sizesOf(kernel, transpose.getInput());
    if (!sizes)
      return std::nullopt;
    return llvm::map_to_vector(transpose.getPermutation(), [&](int64_t axis) { return (*sizes)[axis]; });
  }
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return sizesOf(kernel, structured.getDpsInits()[cast<OpResult>(tensor).getResultNumber()]);
  return std::nullopt;
}

static std::optional<StridedView> sliceView(func::FuncOp kernel, tensor::ExtractSliceOp slice) {
  std::optional<StridedView> view = sourceView(kernel, slice.getSource());
  if (!view)
    return std::nullopt;
  SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(), sizes = slice.getMixedSizes();
  SmallVector<OpFoldResult> steps = slice.getMixedStrides();
  auto extent = [&](OpFoldResult value) -> std::optional<Extent> {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      return Extent(*constant);
    return extentOf(kernel, cast<Value>(value));
  };
  for (unsigned axis = 0; axis < view->rank(); ++axis) {
    std::optional<Extent> offset = extent(offsets[axis]), size = extent(sizes[axis]),
                          step = extent(steps[axis]);
    if (!offset || !size || !step)
      return std::nullopt;
    if (!offset->isConstant(0))
      view->offset.push_back(*offset * view->strides[axis]);
    view->sizes[axis] = *size;
    view->strides[axis] = view->strides[axis] * *step;
  }
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<int64_t> kept;
  for (unsigned axis = 0; axis < view->rank(); ++axis)
    if (!dropped[axis])
      kept.push_back(axis);
  return permuteView(*view, kept);
}

std::optional<StridedView> pleat::sourceView(func::FuncOp kernel, Value tensor) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return operandView(kernel, argument.getArgNumber());
  Operation *op = tensor.getDefiningOp();
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return sliceView(kernel, slice);
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    std::optional<StridedView> view = sourceView(kernel, transpose.getInput());
    return view ? std::optional(permuteView(*view, transpose.getPermutation())) : std::nullopt;
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    std::optional<StridedView> view = sourceView(kernel, reshape.getX());
    std::optional<SmallVector<Extent>> sizes = sizesOf(kernel, tensor);
    return view && sizes ? reshapeView(*view, *sizes) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Destination> pleat::destinationView(func::FuncOp kernel, unsigned result) {
  auto terminator = cast<func::ReturnOp>(kernel.front().getTerminator());
  std::optional<StridedView> view = operandView(kernel, kernel.getNumArguments() + result);
  Value value = terminator.getOperand(result);
  while (view) {
    if (auto transpose = value.getDefiningOp<linalg::TransposeOp>()) {
      view = permuteView(*view, mlir::invertPermutationVector(transpose.getPermutation()));
      value = transpose.getInput();
    } else if (auto reshape = value.getDefiningOp<ReshapeOp>()) {
      std::optional<SmallVector<Extent>> sizes = sizesOf(kernel, reshape.getX());
      view = sizes ? reshapeView(*view, *sizes) : std::nullopt;
      value = reshape.getX();
    } else {
      return Destination{value, *view};
    }
  }
  return std::nullopt;
}
