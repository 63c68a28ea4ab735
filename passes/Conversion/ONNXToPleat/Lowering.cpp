// The linalg and tensor forms that converted nodes are made of.
#include "passes/Conversion/ONNXToPleat/Lowering.h"

#include "passes/Conversion/ONNXToPleat/Casts.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace pleat;

InFlightDiagnostic pleat::emitNodeError(onnx::NodeOp node) {
  InFlightDiagnostic diagnostic = emitError(node.getLoc()) << "node \"";
  if (auto name = dyn_cast<NameLoc>(node.getLoc()))
    diagnostic << name.getName().getValue();
  diagnostic << "\" (";
  if (!node.getDomain().empty())
    diagnostic << node.getDomain() << ".";
  return std::move(diagnostic << node.getOpType() << ", opset " << node.getOpset() << "): ");
}

/// An integer type without its sign.
static Type signless(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer && !integer.isSignless() ? IntegerType::get(type.getContext(), integer.getWidth()) : type;
}

Lowering::Lowering(func::FuncOp function, SymbolicShapes &shapes)
    : ImplicitLocOpBuilder(function.getLoc(), function.getContext()), shapes(shapes),
      sizeBuilder(function, shapes.algebra()) {
  for (BlockArgument argument : function.getArguments())
    if (getElementTypeOrSelf(argument.getType()).isUnsignedInteger())
      unsignedValues.insert(argument);
}

void Lowering::moveTo(onnx::NodeOp next) {
  node = next;
  setInsertionPoint(node);
  setLoc(node.getLoc());
}

Sizes Lowering::sizes(Value value) { return *shapes.sizes(value); }

Type Lowering::elementType(Value value) { return signless(getElementTypeOrSelf(value.getType())); }

bool Lowering::isUnsigned(Value value) {
  return unsignedValues.contains(value) || getElementTypeOrSelf(value.getType()).isUnsignedInteger();
}

RankedTensorType Lowering::tensorType(ArrayRef<AffineExpr> sizes, Type element) {
  SmallVector<int64_t> shape;
  for (AffineExpr size : sizes)
    shape.push_back(constantSize(size).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, signless(element));
}

OpFoldResult Lowering::foldedSize(AffineExpr expr) {
  if (std::optional<int64_t> value = constantSize(expr))
    return getIndexAttr(*value);
  return size(expr);
}

SmallVector<Value> Lowering::dynamicSizes(ArrayRef<AffineExpr> sizes) {
  SmallVector<Value> values;
  for (AffineExpr expr : sizes)
    if (!constantSize(expr))
      values.push_back(size(expr));
  return values;
}

Value Lowering::known(Value value, ArrayRef<AffineExpr> sizes) {
  shapes.setSizes(value, Sizes(sizes));
  return value;
}

Value Lowering::empty(ArrayRef<AffineExpr> sizes, Type element) {
  return known(tensor::EmptyOp::create(*this, tensorType(sizes, element), dynamicSizes(sizes)), sizes);
}

Value Lowering::filled(ArrayRef<AffineExpr> sizes, Value scalar) {
  Value init = empty(sizes, scalar.getType());
  return known(linalg::FillOp::create(*this, scalar, init).getResult(0), sizes);
}

Value Lowering::scalar(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(*this, getFloatAttr(type, value));
  return arith::ConstantOp::create(*this, getIntegerAttr(type, static_cast<int64_t>(value)));
}

TypedAttr Lowering::splat(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat() || elements.getNumElements() == 0)
    return {};
  Attribute one = elements.getSplatValue<Attribute>();
  // Scalars of unsigned model types are signless here too.
  if (auto integer = dyn_cast<IntegerAttr>(one))
    return IntegerAttr::get(signless(integer.getType()), integer.getValue());
  return cast<TypedAttr>(one);
}

/// The map that reads an input of sizes `from` at the last loops of a result of `rank`.
static AffineMap broadcastMap(Lowering &lowering, ArrayRef<AffineExpr> from, ArrayRef<AffineExpr> to) {
  SmallVector<AffineExpr> results;
  size_t offset = to.size() - from.size();
  for (auto [axis, size] : llvm::enumerate(from)) {
    bool repeats = lowering.constantSize(size) == 1 && lowering.constantSize(to[offset + axis]) != 1;
    results.push_back(repeats ? lowering.getAffineConstantExpr(0) : lowering.getAffineDimExpr(offset + axis));
  }
  return AffineMap::get(to.size(), 0, results, lowering.getContext());
}

Value Lowering::elementwise(ValueRange inputs, ArrayRef<AffineExpr> result, Type element, Body body) {
  SmallVector<Value> tensors, scalars;
  SmallVector<AffineMap> maps;
  for (Value input : inputs) {
    TypedAttr one = splat(input);
    scalars.push_back(one ? arith::ConstantOp::create(*this, one).getResult() : Value());
    if (one)
      continue;
    tensors.push_back(input);
    maps.push_back(broadcastMap(*this, sizes(input), result));
  }
  maps.push_back(getMultiDimIdentityMap(result.size()));
  SmallVector<utils::IteratorType> iterators(result.size(), utils::IteratorType::parallel);
  Value init = empty(result, element);
  return known(generic(tensors, init, maps, iterators,
                       [&](ImplicitLocOpBuilder &b, ValueRange elements) {
                         SmallVector<Value> operands(scalars);
                         unsigned next = 0;
                         for (Value &operand : operands)
                           if (!operand)
                             operand = elements[next++];
                         return body(b, operands);
                       }),
               result);
}

Value Lowering::generic(ValueRange inputs, Value init, ArrayRef<AffineMap> maps,
                        ArrayRef<utils::IteratorType> iterators, Body body) {
  auto op = linalg::GenericOp::create(*this, init.getType(), inputs, init, maps, iterators,
                                      [&](OpBuilder &nested, Location loc, ValueRange elements) {
                                        ImplicitLocOpBuilder b(loc, nested);
                                        linalg::YieldOp::create(b, body(b, elements));
                                      });
  Value result = op.getResult(0);
  if (std::optional<Sizes> same = shapes.sizes(init))
    known(result, *same);
  return result;
}

Value Lowering::generate(ArrayRef<AffineExpr> sizes, Type element, Body body) {
  SmallVector<utils::IteratorType> iterators(sizes.size(), utils::IteratorType::parallel);
  return generic({}, empty(sizes, element), getMultiDimIdentityMap(sizes.size()), iterators,
                 [&](ImplicitLocOpBuilder &b, ValueRange) {
                   SmallVector<Value> position;
                   for (size_t axis = 0; axis < sizes.size(); ++axis)
                     position.push_back(linalg::IndexOp::create(b, axis));
                   return body(b, position);
                 });
}

Value Lowering::reshape(Value x, ArrayRef<AffineExpr> to) {
  if (sizes(x) == Sizes(to))
    return x;
  // A stored weight is its bytes; another shape of it is the same entry.
  if (auto weight = x.getDefiningOp<WeightOp>(); weight && weight.getKey()) {
    auto other = cast<WeightOp>(clone(*weight));
    other.getResult().setType(tensorType(to, elementType(x)));
    return known(other, to);
  }
  DenseElementsAttr elements;
  if (matchPattern(x, m_Constant(&elements)))
    return known(
        arith::ConstantOp::create(*this, elements.reshape(tensorType(to, elements.getElementType()))), to);
  return known(ReshapeOp::create(*this, tensorType(to, elementType(x)), x, dynamicSizes(to)), to);
}

Value Lowering::transpose(Value x, ArrayRef<int64_t> perm) {
  Sizes from = sizes(x), to;
  SmallVector<int64_t> moved; // Axes that are not 1, in their new order.
  for (int64_t axis : perm) {
    to.push_back(from[axis]);
    if (constantSize(from[axis]) != 1)
      moved.push_back(axis);
  }
  if (llvm::is_sorted(moved))
    return reshape(x, to);
  if (perm.size() == 2 && isWeight(x) && !x.getDefiningOp<arith::ConstantOp>())
    return known(TransposedOp::create(*this, x), to);
  Value init = empty(to, elementType(x));
  return known(linalg::TransposeOp::create(*this, x, init, perm)->getResult(0), to);
}

Value Lowering::slice(Value x, ArrayRef<AffineExpr> offsets, ArrayRef<AffineExpr> to,
                      ArrayRef<int64_t> steps) {
  bool whole = sizes(x) == Sizes(to) && llvm::all_of(steps, [](int64_t step) { return step == 1; });
  if (whole)
    return x;
  SmallVector<OpFoldResult> starts, lengths, strides;
  for (auto [offset, size, step] : llvm::zip(offsets, to, steps)) {
    starts.push_back(foldedSize(offset));
    lengths.push_back(foldedSize(size));
    strides.push_back(getIndexAttr(step));
  }
  return known(
      tensor::ExtractSliceOp::create(*this, tensorType(to, elementType(x)), x, starts, lengths, strides), to);
}

Value Lowering::insert(Value part, Value whole, ArrayRef<AffineExpr> offsets) {
  SmallVector<OpFoldResult> starts, lengths, strides(offsets.size(), getIndexAttr(1));
  for (auto [offset, size] : llvm::zip(offsets, sizes(part))) {
    starts.push_back(foldedSize(offset));
    lengths.push_back(foldedSize(size));
  }
  return known(tensor::InsertSliceOp::create(*this, part, whole, starts, lengths, strides), sizes(whole));
}

Value Lowering::widened(Value x) {
  auto type = dyn_cast<FloatType>(elementType(x));
  return type && type.getWidth() < 32 ? rounded(x, getF32Type()) : x;
}

Value Lowering::rounded(Value x, Type element) {
  if (elementType(x) == element)
    return x;
  return elementwise(x, sizes(x), element, [&](ImplicitLocOpBuilder &b, ValueRange in) {
    return castElement(b, in[0], element, /*fromUnsigned=*/false, /*toUnsigned=*/false);
  });
}

Value Lowering::broadcastTo(Value x, ArrayRef<AffineExpr> to) {
  if (sizes(x) == Sizes(to))
    return x;
  return elementwise(x, to, elementType(x), [](ImplicitLocOpBuilder &, ValueRange in) { return in[0]; });
}

bool Lowering::isWeight(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (isa<WeightOp, TransposedOp>(op) || op->hasTrait<OpTrait::ConstantLike>());
}

LogicalResult Lowering::give(Value value, unsigned index) {
  Value old = node.getResult(index);
  if (old == value)
    return success();
  if (isUnsigned(old))
    unsignedValues.insert(value);
  if (std::optional<Sizes> contents = shapes.contents(old))
    shapes.setContents(value, *contents);
  if (!shapes.sizes(value))
    known(value, sizes(old));
  old.replaceAllUsesWith(value);
  return success();
}

LogicalResult Lowering::fail(const Twine &what) { return emitNodeError(node) << what; }
