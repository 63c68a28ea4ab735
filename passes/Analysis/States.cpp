// Reads and writes the attribute of states, and follows appended ones through the IR.
#include "passes/Analysis/States.h"

#include "passes/Analysis/SizeExprs.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace pleat;

static constexpr llvm::StringLiteral kState = "pleat.state", kResult = "result", kAxis = "axis";

SmallVector<State> pleat::statesOf(func::FuncOp function) {
  SmallVector<State> states;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto fields = function.getArgAttrOfType<DictionaryAttr>(i, kState)) {
      State state{i, static_cast<unsigned>(fields.getAs<IntegerAttr>(kResult).getInt()), std::nullopt};
      if (auto axis = fields.getAs<IntegerAttr>(kAxis))
        state.axis = axis.getInt();
      states.push_back(state);
    }
  return states;
}

void pleat::setState(func::FuncOp function, const State &state) {
  Builder builder(function.getContext());
  SmallVector<NamedAttribute> fields{builder.getNamedAttr(kResult, builder.getI64IntegerAttr(state.result))};
  if (state.axis)
    fields.push_back(builder.getNamedAttr(kAxis, builder.getI64IntegerAttr(*state.axis)));
  function.setArgAttr(state.argument, kState, builder.getDictionaryAttr(fields));
}

std::optional<unsigned> pleat::stateOfArgument(func::FuncOp function, unsigned argument) {
  for (auto [number, state] : llvm::enumerate(statesOf(function)))
    if (state.argument == argument)
      return number;
  return std::nullopt;
}

BlockArgument pleat::appendedStateBehind(Value value) {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      Operation *parent = argument.getOwner()->getParentOp();
      if (auto function = dyn_cast<func::FuncOp>(parent)) {
        auto fields = function.getArgAttrOfType<DictionaryAttr>(argument.getArgNumber(), kState);
        return fields && fields.contains(kAxis) ? argument : BlockArgument();
      }
      auto repeat = dyn_cast<RepeatOp>(parent);
      if (!repeat || argument.getArgNumber() < repeat.getCarried().size())
        return {};
      auto stack =
          repeat.getStacked()[argument.getArgNumber() - repeat.getCarried().size()].getDefiningOp<StackOp>();
      if (!stack)
        return {};
      value = stack.getValues().front();
    } else if (auto append = value.getDefiningOp<AppendOp>()) {
      value = append.getState();
    } else if (auto slice = value.getDefiningOp<UnstackOp>()) {
      auto repeat = slice.getStack().getDefiningOp<RepeatOp>();
      size_t number = cast<OpResult>(slice.getStack()).getResultNumber();
      if (!repeat || number < repeat.getCarried().size())
        return {};
      value = repeat.getBody().front().getTerminator()->getOperand(number);
    } else {
      return {};
    }
  }
}

AppendOp pleat::appendOf(Value value) {
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (auto append = dyn_cast<AppendOp>(user))
      return append.getRows() == value ? append : AppendOp();
    if (!isa<ReshapeOp>(user))
      break;
    value = user->getResult(0);
  }
  return {};
}

std::optional<unsigned> pleat::rowsBoundary(AppendOp append, Value root, SizeExprs &sizes) {
  auto rows = sizes.shapeOf(append.getRows()), shape = sizes.shapeOf(root);
  if (failed(rows) || failed(shape))
    return std::nullopt;
  AffineExpr blocks = getAffineConstantExpr(1, root.getContext()), passed = blocks;
  for (AffineExpr size : ArrayRef(*rows).take_front(append.getAxis()))
    blocks = blocks * size;
  for (unsigned axis = 0; axis < shape->size(); ++axis) {
    if (passed == blocks)
      return axis;
    passed = passed * (*shape)[axis];
  }
  return std::nullopt;
}
