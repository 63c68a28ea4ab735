// Which values share memory with something else and must be copied.
//
// What leaves a block is computed into a buffer that the caller gives: arguments, weights,
// results of repeats and values that leave twice are copied there. What is appended to a
// state is computed where the state ends. A state's rows lie apart in memory, so that a
// reshape of it costs a copy.
#include "passes/Optimization/FormKernels/Buffers.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/States.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

Operation *pleat::copyBefore(Operation *before, Value value, ArrayRef<AffineExpr> shape,
                             SizeValues &sizeValues) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<Value> dynamic;
  for (auto [size, expr] : llvm::zip(type.getShape(), shape))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(sizeValues.get(expr));
  OpBuilder builder(before);
  Location loc = before->getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, type, dynamic);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      builder, loc, type, value, empty, ArrayRef<AffineMap>{identity, identity}, loops,
      [](OpBuilder &b, Location l, ValueRange elements) { linalg::YieldOp::create(b, l, elements.front()); });
}

static Value behindReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

/// Whether a kernel of `block` computes `value`.
static bool isComputedIn(Block &block, Value value) {
  Operation *producer = value.getDefiningOp();
  return producer && producer->getBlock() == &block &&
         !isa<WeightOp, arith::ConstantOp, TransposedOp, StackOp, RepeatOp, AppendOp, tensor::EmptyOp>(
             producer);
}

namespace {

class BufferGiver {
public:
  BufferGiver(Block &block, SizeExprs &sizes, SizeValues &sizeValues)
      : block(block), sizes(sizes), sizeValues(sizeValues) {}

  LogicalResult run() {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (failed(readDense(&op)) || failed(placeRows(&op)))
        return failure();
    return placeLeaving();
  }

private:
  LogicalResult copy(OpOperand &operand) {
    Operation *user = operand.getOwner();
    auto shape = sizes.shapeOf(operand.get());
    if (failed(shape))
      return user->emitOpError("expects sizes that follow from the model's dimensions");
    operand.set(copyBefore(user, operand.get(), *shape, sizeValues)->getResult(0));
    return success();
  }

  /// Reshapes and carried values are dense.
  LogicalResult readDense(Operation *op) {
    auto repeat = dyn_cast<RepeatOp>(op);
    size_t count = repeat ? repeat.getCarried().size() : isa<ReshapeOp>(op) ? 1 : 0;
    for (OpOperand &operand : op->getOpOperands().take_front(count))
      if (appendedStateBehind(operand.get()) && failed(copy(operand)))
        return failure();
    return success();
  }

  /// Rows are computed into a state if nothing else reads them and they can lie there.
  LogicalResult placeRows(Operation *op) {
    auto append = dyn_cast<AppendOp>(op);
    if (!append)
      return success();
    Value root = behindReshapes(append.getRows());
    if (isComputedIn(block, root) && appendOf(root) == append && rowsBoundary(append, root, sizes))
      return success();
    return copy(append.getRowsMutable());
  }

  /// The results of main, or the collected values of a body, that are states as they are.
  bool staysInState(OpOperand &operand) {
    if (auto repeat = dyn_cast<RepeatOp>(block.getParentOp()))
      return operand.getOperandNumber() >= repeat.getCarried().size() &&
             operand.get().getDefiningOp<AppendOp>();
    return llvm::any_of(statesOf(cast<func::FuncOp>(block.getParentOp())), [&](const State &state) {
      return state.axis && state.result == operand.getOperandNumber();
    });
  }

  LogicalResult placeLeaving() {
    Operation *terminator = block.getTerminator();
    DenseSet<Value> leaving;
    for (OpOperand &operand : terminator->getOpOperands())
      if (staysInState(operand))
        leaving.insert(operand.get());
    for (OpOperand &operand : terminator->getOpOperands()) {
      if (staysInState(operand))
        continue;
      Value root = behindReshapes(operand.get());
      if (isComputedIn(block, root) && leaving.insert(root).second)
        continue;
      if (failed(copy(operand)))
        return failure();
      leaving.insert(operand.get());
    }
    return success();
  }

  Block &block;
  SizeExprs &sizes;
  SizeValues &sizeValues;
};

} // namespace

LogicalResult pleat::giveBuffers(Block &block, SizeExprs &sizes, SizeValues &sizeValues) {
  return BufferGiver(block, sizes, sizeValues).run();
}
