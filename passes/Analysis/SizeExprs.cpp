// Follows index arithmetic back to the dimensions of function arguments.
#include "passes/Analysis/SizeExprs.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "passes/Analysis/States.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace pleat;

SizeExprs::SizeExprs(func::FuncOp function)
    : function(function), context(function.getContext()), sizeAlgebra(function.getContext()) {
  declareDimensions();
  SmallVector<StringRef> all;
  forEachAxis([&](StringRef name) {
    if (sizeAlgebra.named(name) && !llvm::is_contained(all, name))
      all.push_back(name);
  });
  pairDimensions(all);
  SmallVector<StringRef> lengths;
  for (const State &state : statesOf(function))
    if (state.axis)
      if (auto axes = function.getArgAttrOfType<ArrayAttr>(state.argument, PleatDialect::getDimsAttrName()))
        if (auto name = dyn_cast<StringAttr>(axes[*state.axis]))
          lengths.push_back(listed(name.getValue()));
  for (bool isLength : {false, true})
    for (StringRef name : all)
      if (llvm::is_contained(lengths, listed(name)) == isLength && !llvm::is_contained(names, listed(name)))
        names.push_back(listed(name).str());
}

void SizeExprs::forEachAxis(llvm::function_ref<void(StringRef)> visit) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto axes = function.getArgAttrOfType<ArrayAttr>(i, PleatDialect::getDimsAttrName()))
      for (Attribute axis : axes)
        if (auto name = dyn_cast<StringAttr>(axis))
          visit(name.getValue());
}

/// Plain names first, so that "s15 + 1" is understood wherever s15 stands; what cannot be
/// read is a name too.
void SizeExprs::declareDimensions() {
  auto isPlain = [](StringRef text) {
    return llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
  };
  forEachAxis([&](StringRef text) {
    if (isPlain(text) && !sizeAlgebra.named(text))
      sizeAlgebra.declare(text, 0, 0);
  });
  forEachAxis([&](StringRef text) {
    if (!sizeAlgebra.parse(text))
      sizeAlgebra.declare(text, 0, 0);
  });
}

void SizeExprs::pairDimensions(ArrayRef<StringRef> all) {
  auto equal = function->getAttrOfType<ArrayAttr>("pleat.dim_equal");
  if (!equal)
    return;
  for (auto pair : equal.getAsRange<ArrayAttr>()) {
    StringRef a = cast<StringAttr>(pair[0]).getValue(), b = cast<StringAttr>(pair[1]).getValue();
    if (a.split(" + ").second == b.split(" + ").second) { // a + 1 equals b + 1
      a = a.split(" + ").first;
      b = b.split(" + ").first;
    }
    a = listed(a);
    b = listed(b);
    auto *first = llvm::find(all, a), *second = llvm::find(all, b);
    if (a == b || first == all.end() || second == all.end())
      continue;
    if (second < first)
      std::swap(a, b);
    aliases.push_back({b.str(), a.str()});
  }
}

FailureOr<AffineExpr> SizeExprs::overDims(AffineExpr expr) const {
  SmallVector<AffineExpr> replacements;
  for (const SizeSymbol &known : sizeAlgebra.symbols())
    replacements.push_back(symbol(known.name).value_or(AffineExpr()));
  bool isKnown = true;
  expr.walk([&](AffineExpr part) {
    if (auto used = dyn_cast<AffineSymbolExpr>(part))
      isKnown &= static_cast<bool>(replacements[used.getPosition()]);
  });
  if (!isKnown)
    return failure();
  return expr.replaceSymbols(replacements);
}

StringRef SizeExprs::listed(StringRef name) const {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto &[alias, other] : aliases)
      if (name == alias) {
        name = other;
        changed = true;
      }
  }
  return name;
}

FailureOr<AffineExpr> SizeExprs::symbol(StringRef name) const {
  for (auto [i, known] : llvm::enumerate(names))
    if (known == listed(name))
      return getAffineSymbolExpr(i, context);
  return failure();
}

FailureOr<AffineExpr> SizeExprs::of(Value index) {
  if (auto known = indices.find(index); known != indices.end())
    return known->second;
  FailureOr<AffineExpr> expr = compute(index);
  if (succeeded(expr))
    indices[index] = *expr;
  return expr;
}

FailureOr<AffineExpr> SizeExprs::compute(Value index) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return getAffineConstantExpr(constant.getSExtValue(), context);
  Operation *op = index.getDefiningOp();
  if (!op)
    return failure();
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> axis = dim.getConstantIndex();
    if (!axis)
      return failure();
    auto shape = shapeOf(dim.getSource());
    if (failed(shape) || *axis >= static_cast<int64_t>(shape->size()))
      return failure();
    return (*shape)[*axis];
  }
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    AffineMap map = apply.getAffineMap();
    SmallVector<AffineExpr> operands;
    for (Value operand : apply.getMapOperands()) {
      auto expr = of(operand);
      if (failed(expr))
        return failure();
      operands.push_back(*expr);
    }
    ArrayRef<AffineExpr> all(operands);
    return map.getResult(0).replaceDimsAndSymbols(all.take_front(map.getNumDims()),
                                                  all.drop_front(map.getNumDims()));
  }
  if (op->getNumOperands() == 1 && isa<arith::IndexCastOp>(op))
    return of(op->getOperand(0));
  if (op->getNumOperands() != 2)
    return failure();
  auto lhs = of(op->getOperand(0)), rhs = of(op->getOperand(1));
  if (failed(lhs) || failed(rhs))
    return failure();
  return llvm::TypeSwitch<Operation *, FailureOr<AffineExpr>>(op)
      .Case<arith::AddIOp>([&](auto) { return *lhs + *rhs; })
      .Case<arith::SubIOp>([&](auto) { return *lhs - *rhs; })
      .Case<arith::MulIOp>([&](auto) { return *lhs * *rhs; })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>([&](auto) { return lhs->floorDiv(*rhs); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([&](auto) { return lhs->ceilDiv(*rhs); })
      .Case<arith::RemSIOp, arith::RemUIOp>([&](auto) { return *lhs % *rhs; })
      .Default([](Operation *) { return failure(); });
}

FailureOr<SmallVector<AffineExpr>> SizeExprs::shapeOf(Value tensor) {
  if (auto known = shapes.find(tensor); known != shapes.end())
    return known->second;
  auto shape = computeShape(tensor);
  if (succeeded(shape))
    shapes[tensor] = *shape;
  return shape;
}

FailureOr<AffineExpr> SizeExprs::of(OpFoldResult index) {
  if (auto attr = dyn_cast<Attribute>(index))
    return getAffineConstantExpr(cast<IntegerAttr>(attr).getInt(), context);
  return of(cast<Value>(index));
}

FailureOr<SmallVector<AffineExpr>> SizeExprs::fill(Type type, ValueRange dynamic) {
  SmallVector<AffineExpr> shape;
  for (int64_t size : cast<RankedTensorType>(type).getShape()) {
    if (ShapedType::isStatic(size)) {
      shape.push_back(getAffineConstantExpr(size, context));
      continue;
    }
    if (dynamic.empty())
      return failure();
    auto expr = of(dynamic.front());
    if (failed(expr))
      return failure();
    shape.push_back(*expr);
    dynamic = dynamic.drop_front();
  }
  return shape;
}

FailureOr<SmallVector<AffineExpr>> SizeExprs::computeShape(Value tensor) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type)
    return failure();
  if (type.hasStaticShape())
    return fill(type, {});
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    if (auto repeat = dyn_cast<RepeatOp>(argument.getOwner()->getParentOp()))
      return shapeInRepeat(repeat, argument.getArgNumber());
    if (argument.getOwner() != &function.getBody().front())
      return failure();
    auto axes =
        function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), PleatDialect::getDimsAttrName());
    if (!axes || static_cast<int64_t>(axes.size()) != type.getRank())
      return failure();
    SmallVector<AffineExpr> shape;
    for (auto [axis, size] : llvm::zip(axes, type.getShape())) {
      auto name = dyn_cast<StringAttr>(axis);
      auto expr = name ? overDims(sizeAlgebra.parse(name.getValue()))
                       : FailureOr<AffineExpr>(getAffineConstantExpr(size, context));
      if (failed(expr))
        return failure();
      shape.push_back(*expr);
    }
    return shape;
  }
  Operation *op = tensor.getDefiningOp();
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    ValueRange sizes = launch.getSizes();
    for (Value result : launch.getResults()) {
      size_t count = cast<RankedTensorType>(result.getType()).getNumDynamicDims();
      if (result == tensor)
        return fill(type, sizes.take_front(count));
      sizes = sizes.drop_front(count);
    }
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return fill(type, empty.getDynamicSizes());
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return fill(type, reshape.getSizes());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    SmallVector<AffineExpr> shape;
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    for (auto [axis, size] : llvm::enumerate(slice.getMixedSizes())) {
      if (dropped.test(axis))
        continue;
      auto expr = of(size);
      if (failed(expr))
        return failure();
      shape.push_back(*expr);
    }
    return shape;
  }
  if (auto repeat = dyn_cast<RepeatOp>(op)) {
    size_t number = cast<OpResult>(tensor).getResultNumber(), carried = repeat.getCarried().size();
    if (number < carried)
      return shapeOf(repeat.getCarried()[number]);
    auto yield = cast<YieldOp>(repeat.getBody().front().getTerminator());
    return stackShape(shapeOf(yield.getValues()[number]), repeat.getCount());
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    auto shape = shapeOf(cast.getSource());
    if (failed(shape))
      return failure();
    for (auto [expr, size] : llvm::zip_equal(*shape, type.getShape()))
      if (!ShapedType::isDynamic(size))
        expr = getAffineConstantExpr(size, context);
    return shape;
  }
  if (auto stack = dyn_cast<StackOp>(op))
    return stackShape(shapeOf(stack.getValues().front()), stack.getValues().size());
  if (auto slice = dyn_cast<UnstackOp>(op))
    return dropFirst(shapeOf(slice.getStack()));
  if (auto append = dyn_cast<AppendOp>(op)) {
    auto state = shapeOf(append.getState()), rows = shapeOf(append.getRows());
    if (failed(state) || failed(rows))
      return failure();
    (*state)[append.getAxis()] = (*state)[append.getAxis()] + (*rows)[append.getAxis()];
    return state;
  }
  if (auto style = dyn_cast<DestinationStyleOpInterface>(op))
    return shapeOf(style.getTiedOpOperand(cast<OpResult>(tensor))->get());

  auto withLast = [&](Value leading, AffineExpr last) -> FailureOr<SmallVector<AffineExpr>> {
    auto shape = shapeOf(leading);
    if (failed(shape))
      return failure();
    shape->back() = last;
    return shape;
  };
  return llvm::TypeSwitch<Operation *, FailureOr<SmallVector<AffineExpr>>>(op)
      .Case<LinearOp>([&](LinearOp linear) {
        return withLast(linear.getX(), getAffineConstantExpr(type.getShape().back(), context));
      })
      .Case<ActivationOp, SoftmaxOp, LayerNormOp, RmsNormOp, RotaryOp>(
          [&](auto unary) { return shapeOf(unary.getX()); })
      .Case<AttentionOp>([&](AttentionOp attention) -> FailureOr<SmallVector<AffineExpr>> {
        auto value = shapeOf(attention.getValue());
        return failed(value) ? value : withLast(attention.getQuery(), value->back());
      })
      .Case<GatherOp>([&](GatherOp gather) -> FailureOr<SmallVector<AffineExpr>> {
        auto ids = shapeOf(gather.getIds()), table = shapeOf(gather.getTable());
        if (failed(ids) || failed(table))
          return failure();
        llvm::append_range(*ids, llvm::drop_begin(*table));
        return ids;
      })
      .Case<ConvOp>([&](ConvOp conv) -> FailureOr<SmallVector<AffineExpr>> {
        auto x = shapeOf(conv.getX()), weight = shapeOf(conv.getWeight());
        if (failed(x) || failed(weight))
          return failure();
        SmallVector<AffineExpr> shape{(*x)[0], (*weight)[0]};
        size_t spatial = conv.getStrides().size();
        for (size_t i = 0; i < spatial; ++i) {
          AffineExpr extent = ((*weight)[i + 2] - 1) * conv.getDilations()[i] + 1;
          AffineExpr padded = (*x)[i + 2] + (conv.getPads()[i] + conv.getPads()[i + spatial]);
          shape.push_back((padded - extent).floorDiv(conv.getStrides()[i]) + 1);
        }
        return shape;
      })
      .Case<tensor::PadOp>([&](tensor::PadOp pad) -> FailureOr<SmallVector<AffineExpr>> {
        auto shape = shapeOf(pad.getSource());
        if (failed(shape))
          return failure();
        for (auto [size, low, high] : llvm::zip_equal(*shape, pad.getMixedLowPad(), pad.getMixedHighPad()))
          for (OpFoldResult side : {low, high}) {
            auto more = of(side);
            if (failed(more))
              return failure();
            size = size + *more;
          }
        return shape;
      })
      .Default([](Operation *) { return failure(); });
}

FailureOr<AffineExpr> SizeExprs::elementsOf(Value tensor) {
  auto shape = shapeOf(tensor);
  if (failed(shape))
    return failure();
  AffineExpr product = getAffineConstantExpr(1, context);
  for (AffineExpr size : *shape)
    product = product * size;
  return product;
}

FailureOr<SmallVector<AffineExpr>> SizeExprs::shapeInRepeat(RepeatOp repeat, unsigned argument) {
  size_t carried = repeat.getCarried().size();
  if (argument < carried)
    return shapeOf(repeat.getCarried()[argument]);
  return dropFirst(shapeOf(repeat.getStacked()[argument - carried]));
}

FailureOr<SmallVector<AffineExpr>> SizeExprs::stackShape(FailureOr<SmallVector<AffineExpr>> slice,
                                                         int64_t count) {
  if (succeeded(slice))
    slice->insert(slice->begin(), getAffineConstantExpr(count, context));
  return slice;
}

FailureOr<SmallVector<AffineExpr>> SizeExprs::dropFirst(FailureOr<SmallVector<AffineExpr>> stack) {
  if (succeeded(stack))
    stack->erase(stack->begin());
  return stack;
}

std::optional<int64_t> pleat::evaluateSize(AffineExpr expr, ArrayRef<int64_t> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbol.getPosition() < dims.size() ? std::optional(dims[symbol.getPosition()]) : std::nullopt;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  auto lhs = evaluateSize(binary.getLHS(), dims), rhs = evaluateSize(binary.getRHS(), dims);
  if (!lhs || !rhs)
    return std::nullopt;
  int64_t result;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return llvm::AddOverflow(*lhs, *rhs, result) ? std::nullopt : std::optional(result);
  case AffineExprKind::Mul:
    return llvm::MulOverflow(*lhs, *rhs, result) ? std::nullopt : std::optional(result);
  default:
    break;
  }
  if (*rhs <= 0)
    return std::nullopt;
  switch (expr.getKind()) {
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(*lhs, *rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(*lhs, *rhs);
  default:
    return llvm::mod(*lhs, *rhs);
  }
}
