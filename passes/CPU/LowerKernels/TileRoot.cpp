// Which loops of a root can be cut, and the cutting.
//
// A temporary "moves along" with a loop when each iteration needs a slice of its own of
// it. x / sum(x) over all of x, say, has no such loop: tiled by rows it would sum all of
// x for each row.
#include "passes/CPU/LowerKernels/TileRoot.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace pleat;

/// Whether `value` costs nothing to have: memory that is there, or no contents at all.
static bool isLeaf(Value value) {
  Operation *def = value.getDefiningOp();
  if (!def || isa<bufferization::ToTensorOp, tensor::EmptyOp, arith::ConstantOp, linalg::FillOp>(def))
    return true;
  if (isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(def))
    return isLeaf(def->getOperand(0));
  return !isa<RankedTensorType>(value.getType());
}

/// The axis of an operand that is indexed by `loop` alone and by no other loop; nullopt if
/// there is none or if `loop` appears elsewhere in the map.
static std::optional<unsigned> axisOfLoop(AffineMap map, unsigned loop) {
  std::optional<unsigned> axis;
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    if (axis || !isa<AffineDimExpr>(expr))
      return std::nullopt;
    axis = position;
  }
  return axis;
}

static std::optional<unsigned> loopOfResultAxis(linalg::LinalgOp op, unsigned axis) {
  auto dim = dyn_cast<AffineDimExpr>(op.getIndexingMapMatchingResult(op->getResult(0)).getResult(axis));
  if (!dim || op.getIteratorTypesArray()[dim.getPosition()] != utils::IteratorType::parallel)
    return std::nullopt;
  return dim.getPosition();
}

/// Whether all temporaries that `op` reads, and theirs, move along with `loop`.
static bool movesAlong(linalg::LinalgOp op, unsigned loop) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (isLeaf(operand.get()))
      continue;
    auto producer = operand.get().getDefiningOp<linalg::LinalgOp>();
    if (!producer || producer->getNumResults() != 1)
      return false;
    std::optional<unsigned> axis = axisOfLoop(op.getMatchingIndexingMap(&operand), loop);
    std::optional<unsigned> producerLoop = axis ? loopOfResultAxis(producer, *axis) : std::nullopt;
    if (!producerLoop || !movesAlong(producer, *producerLoop))
      return false;
  }
  return true;
}

/// Whether the body of `op` reads a computed tensor by index, which no slicing reaches.
static bool capturesTemporary(linalg::LinalgOp op) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::any_of(captured, [](Value value) { return !isLeaf(value); });
}

std::optional<TilePlan> pleat::planTiling(Value result) {
  auto root = result.getDefiningOp<linalg::LinalgOp>();
  if (!root || root->getNumResults() != 1 || capturesTemporary(root))
    return std::nullopt;
  int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
  std::optional<unsigned> innermost = rank == 0 ? std::nullopt : loopOfResultAxis(root, rank - 1);
  if (!innermost)
    return std::nullopt;
  TilePlan plan;
  plan.innermost = *innermost;
  plan.hasTemporaries = llvm::any_of(root->getOperands(), [](Value value) { return !isLeaf(value); });
  for (int64_t axis = 0; axis < rank; ++axis) {
    std::optional<unsigned> loop = loopOfResultAxis(root, axis);
    bool single = cast<RankedTensorType>(result.getType()).getDimSize(axis) == 1;
    if (loop && !single && movesAlong(root, *loop))
      plan.loops.push_back(*loop);
  }
  return plan;
}

TiledRoot pleat::tileRoot(Value result, ArrayRef<unsigned> loops, ArrayRef<OpFoldResult> steps) {
  auto root = cast<TilingInterface>(result.getDefiningOp());
  IRRewriter rewriter(root->getContext());
  rewriter.setInsertionPoint(root);
  SmallVector<OpFoldResult> sizes(root.getLoopIteratorTypes().size(), rewriter.getIndexAttr(0));
  for (auto [loop, step] : llvm::zip_equal(loops, steps))
    sizes[loop] = step;
  scf::SCFTileAndFuseOptions options;
  options.tilingOptions.setTileSizes(sizes);
  FailureOr<scf::SCFTileAndFuseResult> tiled =
      scf::tileConsumerAndFuseProducersUsingSCF(rewriter, root, options);
  if (failed(tiled))
    return {result, result, {}};
  TiledRoot outcome;
  outcome.result = tiled->replacements.lookup(result);
  outcome.tile = tiled->tiledAndFusedOps.front()->getResult(0);
  for (LoopLikeOpInterface loop : tiled->loops)
    outcome.loops.push_back(cast<scf::ForOp>(loop));
  rewriter.replaceAllUsesWith(result, outcome.result);
  rewriter.eraseOp(root);
  return outcome;
}
