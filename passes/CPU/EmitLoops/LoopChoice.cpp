// The choice of the vectorised loop, from the indexing maps and the strides.
#include "passes/CPU/EmitLoops/LoopChoice.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace pleat;

/// Whether `expr` is `loop` plus terms without it.
static bool movesByOne(AffineExpr expr, unsigned loop) {
  AffineExpr dim = getAffineDimExpr(loop, expr.getContext());
  AffineExpr rest = simplifyAffineExpr(expr - dim, loop + 1, 0);
  return !rest.isFunctionOfDim(loop);
}

Movement pleat::movementAlong(linalg::LinalgOp op, OpOperand &operand, unsigned loop) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  auto dependsOnLoop = [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); };
  if (llvm::none_of(map.getResults(), dependsOnLoop))
    return Movement::Fixed;
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type || llvm::any_of(map.getResults().drop_back(), dependsOnLoop) ||
      !movesByOne(map.getResults().back(), loop))
    return Movement::Scattered;
  auto [strides, offset] = type.getStridesAndOffset();
  return strides.back() == 1 ? Movement::Contiguous : Movement::Scattered;
}

/// The op by which the body adds to its only result, if the order of adding may change: an
/// associative op with a neutral element, one side the result so far, used there only, or
/// an fma that adds to it.
static Operation *findCombiner(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1)
    return nullptr;
  Block &body = *op.getBlock();
  Operation *combiner = body.getTerminator()->getOperand(0).getDefiningOp();
  Value accumulator = op.getRegionOutputArgs().front();
  if (!combiner || combiner->getBlock() != &body || !accumulator.hasOneUse() ||
      *accumulator.getUsers().begin() != combiner)
    return nullptr;
  using namespace arith;
  if (auto fma = dyn_cast<math::FmaOp>(combiner))
    return fma.getC() == accumulator ? combiner : nullptr;
  bool isAssociative = isa<AddFOp, MulFOp, MaximumFOp, MinimumFOp, MaxNumFOp, MinNumFOp, AddIOp, MulIOp,
                           MaxSIOp, MinSIOp, MaxUIOp, MinUIOp, AndIOp, OrIOp, XOrIOp>(combiner);
  return isAssociative && getNeutralElement(combiner) ? combiner : nullptr;
}

static bool allOutputsAre(linalg::LinalgOp op, Movement movement, unsigned loop) {
  return llvm::all_of(op.getDpsInitsMutable(),
                      [&](OpOperand &output) { return movementAlong(op, output, loop) == movement; });
}

static int countInputs(linalg::LinalgOp op, Movement movement, unsigned loop) {
  return llvm::count_if(op.getDpsInputOperands(), [&](OpOperand *input) {
    // Inputs whose values nobody reads lend their shape only.
    return op.payloadUsesValueFromOperand(input) && movementAlong(op, *input, loop) == movement;
  });
}

LoopChoice pleat::chooseLoop(linalg::LinalgOp op) {
  LoopChoice parallel, reduction;
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (auto [loop, iterator] : llvm::enumerate(iterators)) {
    if (iterator == utils::IteratorType::parallel) {
      if (allOutputsAre(op, Movement::Contiguous, loop))
        parallel = {LoopChoice::Parallel, static_cast<unsigned>(loop), nullptr};
      continue;
    }
    Operation *combiner = findCombiner(op);
    if (combiner && allOutputsAre(op, Movement::Fixed, loop) &&
        countInputs(op, Movement::Contiguous, loop) > 0 && countInputs(op, Movement::Scattered, loop) == 0)
      reduction = {LoopChoice::Reduction, static_cast<unsigned>(loop), combiner};
  }
  if (parallel.kind == LoopChoice::None)
    return reduction;
  // Where rows are reduced, going along them beats reading columns element by element.
  bool readsColumns = countInputs(op, Movement::Scattered, parallel.loop) > 0;
  return readsColumns && reduction.kind != LoopChoice::None ? reduction : parallel;
}

Value pleat::neutralOf(OpBuilder &builder, Operation *combiner) {
  TypedAttr neutral = isa<math::FmaOp>(combiner) ? builder.getFloatAttr(combiner->getResult(0).getType(), 0.0)
                                                 : *arith::getNeutralElement(combiner);
  return arith::ConstantOp::create(builder, combiner->getLoc(), neutral);
}

Value pleat::combine(OpBuilder &builder, Operation *combiner, Value a, Value b) {
  if (isa<math::FmaOp>(combiner))
    return arith::AddFOp::create(builder, combiner->getLoc(), a, b);
  return builder
      .create(combiner->getLoc(), combiner->getName().getIdentifier(), ValueRange{a, b}, a.getType(),
              combiner->getAttrs())
      ->getResult(0);
}
