// Verifiers and folders of repetition, stacks, reshapes and launches.
#include "dialects/Pleat/IR/PleatDialect.h"
#include "dialects/Pleat/IR/ShapeChecks.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace pleat;

/// The type of one slice along the first axis.
static RankedTensorType sliceType(RankedTensorType stack) {
  return RankedTensorType::get(stack.getShape().drop_front(), stack.getElementType());
}

LogicalResult RepeatOp::verify() {
  if (getCount() < 1) // repeat_c1
    return emitOpError("expects a count of at least 1, but got ") << getCount();
  SmallVector<Type> expected(getCarried().getTypes());
  for (Value value : getStacked()) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() < 1 || type.getDimSize(0) != static_cast<int64_t>(getCount())) // repeat_c2
      return emitOpError("expects the first size of each stacked operand to be ")
             << getCount() << ", but got " << type;
    expected.push_back(sliceType(type));
  }
  Block &block = getBody().front();
  if (block.getArgumentTypes() != TypeRange(expected)) // repeat_c3
    return emitOpError("expects block arguments of the carried types, then of one slice of each stacked "
                       "operand, but got ")
           << block.getArgumentTypes();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  size_t carried = getCarried().size();
  if (!yield || yield.getValues().size() != getNumResults() || getNumResults() < carried) // repeat_c4
    return emitOpError("expects a yield of one value for each result, the carried ones first");
  for (auto [index, yielded, result] : llvm::enumerate(yield.getValues().getTypes(), getResultTypes())) {
    bool collected = index >= carried;
    auto type = cast<RankedTensorType>(result);
    if ((collected ? Type(sliceType(type)) : result) != yielded ||
        (collected && type.getDimSize(0) != static_cast<int64_t>(getCount()))) // repeat_c4
      return emitOpError("expects result ")
             << index << " to agree with what is yielded, but got " << result << " and " << yielded;
  }
  return success();
}

LogicalResult StackOp::verify() {
  if (getValues().empty()) // stack_c1
    return emitOpError("expects at least one operand");
  auto result = cast<RankedTensorType>(getType());
  if (result.getRank() < 1 || result.getDimSize(0) != static_cast<int64_t>(getValues().size()) ||
      sliceType(result) != getValues().front().getType()) // stack_c2
    return emitOpError("expects a result with a first size of ")
           << getValues().size() << " over " << getValues().front().getType() << ", but got " << result;
  return success();
}

LogicalResult UnstackOp::verify() {
  auto stack = cast<RankedTensorType>(getStack().getType());
  if (stack.getRank() < 1 || static_cast<int64_t>(getIndex()) >= stack.getDimSize(0)) // unstack_c1
    return emitOpError("expects an index within the first axis, but got ") << getIndex() << " and " << stack;
  if (sliceType(stack) != getType()) // unstack_c2
    return emitOpError("expects a result without the first axis of the stack, but got ")
           << getType() << " and " << stack;
  return success();
}

LogicalResult AppendOp::verify() {
  auto state = cast<RankedTensorType>(getState().getType()),
       rows = cast<RankedTensorType>(getRows().getType());
  auto result = cast<RankedTensorType>(getType());
  int64_t axis = getAxis();
  if (axis < 0 || axis >= state.getRank()) // append_c1
    return emitOpError("expects an axis within the state's rank, but got ") << axis << " and " << state;
  auto others = [&](RankedTensorType type) {
    SmallVector<int64_t> shape(type.getShape());
    if (axis < type.getRank())
      shape.erase(shape.begin() + axis);
    return shape;
  };
  for (RankedTensorType type : {rows, result})
    if (type.getElementType() != state.getElementType() || type.getRank() != state.getRank() ||
        !shapesAgree(others(state), others(type))) // append_c2
      return emitOpError("expects state, rows and result to agree but for axis ")
             << axis << ", but got " << state << ", " << rows << " and " << result;
  bool isDynamic = state.isDynamicDim(axis) || rows.isDynamicDim(axis);
  int64_t size = isDynamic ? ShapedType::kDynamic : state.getDimSize(axis) + rows.getDimSize(axis);
  if (result.getDimSize(axis) != size) // append_c3
    return emitOpError("expects a result with the sum of sizes on axis ") << axis << ", but got " << result;
  return success();
}

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  if (getSizes().size() != static_cast<size_t>(to.getNumDynamicDims())) // reshape_c1
    return emitOpError("expects one size for each dynamic size of the result, but got ")
           << getSizes().size() << " for " << to;
  if (from.hasStaticShape() && to.hasStaticShape() &&
      from.getNumElements() != to.getNumElements()) // reshape_c2
    return emitOpError("expects the same number of elements, but got ") << from << " and " << to;
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getX().getType() == getType() && cast<RankedTensorType>(getType()).getNumDynamicDims() <= 1)
    return getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return {};
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getKernelAttr());
  if (!kernel || !kernel->hasAttr(PleatDialect::getKernelAttrName())) // launch_c1
    return emitOpError("expects '") << getKernel() << "' to name a kernel";
  if (TypeRange(kernel.getArgumentTypes()) != TypeRange(getInputs()) ||
      TypeRange(kernel.getResultTypes()) != TypeRange(getResultTypes())) { // launch_c2
    InFlightDiagnostic diagnostic = emitOpError("expects inputs and results of the kernel's types, but got ")
                                    << getInputs().getTypes() << " and " << getResultTypes();
    diagnostic.attachNote(kernel.getLoc()) << "the kernel has type " << kernel.getFunctionType();
    return diagnostic;
  }
  return success();
}

LogicalResult LaunchOp::verify() {
  int64_t dynamic = 0;
  for (Type type : getResultTypes())
    dynamic += cast<RankedTensorType>(type).getNumDynamicDims();
  if (static_cast<int64_t>(getSizes().size()) != dynamic) // launch_c3
    return emitOpError("expects one size for each dynamic size of the results, but got ")
           << getSizes().size() << " for " << dynamic;
  return success();
}
