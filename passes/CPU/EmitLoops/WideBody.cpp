// Narrow floats are a form of storage. An accumulator of 16 bits would be rounded at each
// step, and no level computes on them but through f32: so a body stays in f32 from the
// elements it reads to the one it stores. Casts are the model's own, and round.
#include "passes/CPU/EmitLoops/WideBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace pleat;

static bool isNarrow(Type type) {
  auto element = dyn_cast<FloatType>(type);
  return element && element.getWidth() < 32;
}

Value pleat::convertFloat(OpBuilder &builder, Location loc, Value value, Type element) {
  Type from = getElementTypeOrSelf(value.getType());
  if (from == element || !isa<FloatType>(from) || !isa<FloatType>(element))
    return value;
  auto vector = dyn_cast<VectorType>(value.getType());
  Type to = vector ? vector.clone(element) : element;
  if (from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, to, value);
  return arith::TruncFOp::create(builder, loc, to, value);
}

namespace {

class BodyWidener {
public:
  explicit BodyWidener(Block &body) : wide(Float32Type::get(body.getParentOp()->getContext())), body(body) {}

  void run() {
    widenArguments(body);
    body.walk<WalkOrder::PreOrder>([&](Operation *op) { visit(op); });
    for (Operation *op : replaced)
      op->erase();
  }

private:
  void widenArguments(Block &block) {
    for (BlockArgument argument : block.getArguments())
      retype(argument);
  }

  void retype(Value value) {
    if (!isNarrow(value.getType()))
      return;
    narrow[value] = value.getType();
    value.setType(wide);
  }

  void visit(Operation *op) {
    // Ops made on the way have operands of both widths and are right as they are.
    if (made.contains(op))
      return;
    if (isa<memref::LoadOp, arith::TruncFOp>(op))
      return widenResult(op);
    if (isa<arith::BitcastOp, memref::StoreOp>(op)) {
      narrowOperands(op);
      return widenResult(op);
    }
    if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
      return roundResult(op);
    if (isa<arith::ExtFOp>(op) && op->getOperand(0).getType() == op->getResult(0).getType()) {
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      replaced.push_back(op);
      return;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && isNarrow(constant.getType())) {
      APFloat value = cast<FloatAttr>(constant.getValue()).getValue();
      constant.setValueAttr(OpBuilder(op).getF32FloatAttr(value.convertToDouble()));
    }
    for (Value operand : op->getOperands())
      fromOutside(op, operand);
    for (Value result : op->getResults())
      retype(result);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        widenArguments(block);
  }

  /// Readers of a narrow result get it in f32.
  void widenResult(Operation *op) {
    if (op->getNumResults() == 1 && isNarrow(op->getResult(0).getType()))
      extend(op, op->getResult(0));
  }

  /// A cast from an integer rounds to the narrow type, by way of f32.
  void roundResult(Operation *op) {
    Type type = op->getResult(0).getType();
    if (!isNarrow(type))
      return;
    Value result = op->getResult(0);
    result.setType(wide);
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Operation *rounded = remember(arith::TruncFOp::create(builder, op->getLoc(), type, result));
    result.replaceAllUsesExcept(rounded->getResult(0), rounded);
    extend(rounded, rounded->getResult(0));
  }

  void extend(Operation *op, Value result) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Operation *extended = remember(arith::ExtFOp::create(builder, op->getLoc(), wide, result));
    result.replaceAllUsesExcept(extended->getResult(0), extended);
    narrow[extended->getResult(0)] = result.getType();
  }

  /// `op` gets the types that it had, which are those of the elements behind it.
  void narrowOperands(Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      if (Type type = narrow.lookup(operand.get())) {
        OpBuilder builder(op);
        operand.set(
            remember(arith::TruncFOp::create(builder, op->getLoc(), type, operand.get()))->getResult(0));
      }
  }

  /// Scalars from outside of the body stay what they are there.
  void fromOutside(Operation *op, Value value) {
    if (!isNarrow(value.getType()))
      return;
    OpBuilder builder(op);
    Operation *extended = remember(arith::ExtFOp::create(builder, op->getLoc(), wide, value));
    op->replaceUsesOfWith(value, extended->getResult(0));
  }

  Operation *remember(Operation *op) {
    made.insert(op);
    return op;
  }

  Type wide;
  Block &body;
  DenseMap<Value, Type> narrow; ///< the types that values had
  DenseSet<Operation *> made;
  SmallVector<Operation *> replaced;
};

} // namespace

static bool hasNarrow(linalg::LinalgOp op) {
  if (llvm::any_of(op.getBlock()->getArgumentTypes(), isNarrow))
    return true;
  return op.getBlock()
      ->walk([](Operation *inner) {
        return llvm::any_of(inner->getResultTypes(), isNarrow) ? WalkResult::interrupt()
                                                               : WalkResult::advance();
      })
      .wasInterrupted();
}

void pleat::widenBody(linalg::LinalgOp op) {
  bool moves = llvm::hasSingleElement(*op.getBlock());
  if (!moves && hasNarrow(op))
    BodyWidener(*op.getBlock()).run();
}
