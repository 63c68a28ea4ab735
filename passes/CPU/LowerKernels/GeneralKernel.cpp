// The general path's first half: a kernel's tensor body inside its machine function, cut
// into rows so that temporaries are small, and into parts.
//
// Rows and parts are both tilings of the op that computes the result, with its producers
// fused in. A loop of the root is tiled only if every temporary moves along with it:
// otherwise each tile would compute that temporary again.
#include "passes/CPU/LowerKernels/GeneralKernel.h"

#include "passes/CPU/KernelAbi/KernelAbi.h"
#include "passes/CPU/LowerKernels/SplitLoops.h"
#include "passes/CPU/LowerKernels/TileRoot.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace pleat;

/// Maps the kernel's arguments to tensors over the slots' memrefs. They are `restrict` in
/// the sense of bufferization: nothing else in the machine function reaches their memory.
static void mapArguments(OpBuilder &builder, func::FuncOp kernel, const KernelFrame &frame,
                         IRMapping &mapping) {
  for (auto [argument, operand] : llvm::zip_equal(kernel.getArguments(), frame.arguments())) {
    Value value = operand.index;
    if (!value)
      value = bufferization::ToTensorOp::create(builder, kernel.getLoc(), operand.type, operand.memref,
                                                /*restrict=*/true, /*writable=*/false);
    mapping.map(argument, value);
  }
}

/// The sizes of arguments stand in slots: computations on them should see those values.
static void useSlotSizes(func::FuncOp kernel, const KernelFrame &frame, IRMapping &mapping) {
  for (auto [argument, operand] : llvm::zip_equal(kernel.getArguments(), frame.arguments())) {
    for (Operation *user : argument.getUsers()) {
      auto dim = dyn_cast<tensor::DimOp>(user);
      std::optional<int64_t> axis = dim ? dim.getConstantIndex() : std::nullopt;
      if (axis && *axis < static_cast<int64_t>(operand.sizes.size()))
        mapping.map(dim.getResult(), operand.sizes[*axis]);
    }
  }
}

static void cloneBody(OpBuilder &builder, func::FuncOp kernel, IRMapping &mapping) {
  for (Operation &op : kernel.front().without_terminator()) {
    bool known = op.getNumResults() == 1 && mapping.contains(op.getResult(0));
    if (!known)
      builder.clone(op, mapping);
  }
}

namespace {

/// A loop of the root that this run may cut among parts.
struct Cut {
  unsigned loop;
  Value size, grains, step;
  Value chosen; ///< i1: whether this is the loop that is cut; null where no other can be
};

} // namespace

/// Describes `loop` of `root`, cut into one piece a part.
static Cut cutOf(OpBuilder &builder, TilingInterface root, unsigned loop, bool isInnermost, Value parts) {
  Location loc = root.getLoc();
  Value size = getValueOrCreateConstantIndexOp(builder, loc, root.getIterationDomain(builder)[loop].size);
  Value grain = arith::ConstantIndexOp::create(builder, loc, isInnermost ? kInnermostGrain : 1);
  Value grains = arith::CeilDivSIOp::create(builder, loc, size, grain);
  Value grainsPerPart = arith::CeilDivSIOp::create(builder, loc, grains, parts);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  grainsPerPart = arith::MaxSIOp::create(builder, loc, grainsPerPart, one);
  Value step = arith::MulIOp::create(builder, loc, grainsPerPart, grain);
  return {loop, size, grains, step, {}};
}

/// Lets the run choose among `cuts`: the outermost loop that all parts share well, else the
/// longest. The step of a loop that is not chosen is its whole size.
static void chooseCut(OpBuilder &builder, Location loc, MutableArrayRef<Cut> cuts, Value parts) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto compare = [&](arith::CmpIPredicate predicate, Value a, Value b) -> Value {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  };
  Value choice = constant(0), longest = cuts.front().grains;
  for (auto [i, cut] : llvm::enumerate(cuts.drop_front())) {
    Value isLonger = compare(arith::CmpIPredicate::sgt, cut.grains, longest);
    choice = arith::SelectOp::create(builder, loc, isLonger, constant(i + 1), choice);
    longest = arith::MaxSIOp::create(builder, loc, cut.grains, longest);
  }
  Value many = arith::MulIOp::create(builder, loc, parts, constant(kGrainsPerPart));
  for (size_t i = cuts.size(); i-- > 0;) {
    Value hasMany = compare(arith::CmpIPredicate::sge, cuts[i].grains, many);
    Value rest = arith::RemSIOp::create(builder, loc, cuts[i].grains, parts);
    Value isEven = compare(arith::CmpIPredicate::eq, rest, constant(0));
    Value isGood = arith::OrIOp::create(builder, loc, hasMany, isEven);
    choice = arith::SelectOp::create(builder, loc, isGood, constant(i), choice);
  }
  for (auto [i, cut] : llvm::enumerate(cuts)) {
    cut.chosen = compare(arith::CmpIPredicate::eq, choice, constant(i));
    Value whole = arith::MaxSIOp::create(builder, loc, cut.size, constant(1));
    cut.step = arith::SelectOp::create(builder, loc, cut.chosen, cut.step, whole);
  }
}

/// Takes this part's piece out of all that `loop`, tiled as `cut` says, runs over: its bounds
/// become [part * step, min(size, (part + 1) * step)), which is one iteration or none. A loop
/// that is not chosen keeps its one iteration.
static void takePart(scf::ForOp loop, const Cut &cut, const KernelFrame &frame) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  Value part = frame.part();
  if (cut.chosen) {
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    part = arith::SelectOp::create(builder, loc, cut.chosen, part, zero);
  }
  Value lower = arith::MulIOp::create(builder, loc, part, loop.getStep());
  Value end = arith::AddIOp::create(builder, loc, lower, loop.getStep());
  Value upper = arith::MinSIOp::create(builder, loc, end, loop.getUpperBound());
  loop.setLowerBound(lower);
  loop.setUpperBound(upper);
}

/// The loops of `plan` that a run may cut among parts.
static SmallVector<unsigned> loopsToCut(TilingInterface root, const TilePlan &plan) {
  SmallVector<int64_t> ranges = cast<linalg::LinalgOp>(root.getOperation()).getStaticLoopRanges();
  SmallVector<SplitLoop> loops;
  for (unsigned loop : plan.loops)
    loops.push_back({ranges[loop], loop == plan.innermost});
  SmallVector<unsigned> result;
  for (unsigned position : splitCandidates(loops))
    result.push_back(plan.loops[position]);
  return result;
}

/// Splits one loop into equal pieces, one a part, and keeps this part's. Returns the result's
/// new value and the tile, which later tiling continues from.
static TiledRoot splitAmongParts(Value result, const TilePlan &plan, const KernelFrame &frame) {
  OpBuilder builder(result.getDefiningOp());
  auto root = cast<TilingInterface>(result.getDefiningOp());
  SmallVector<Cut> cuts;
  for (unsigned loop : loopsToCut(root, plan))
    cuts.push_back(cutOf(builder, root, loop, loop == plan.innermost, frame.parts()));
  if (cuts.size() > 1)
    chooseCut(builder, root.getLoc(), cuts, frame.parts());
  llvm::sort(cuts, [](const Cut &a, const Cut &b) { return a.loop < b.loop; }); // as tiling nests them
  SmallVector<unsigned> loops;
  SmallVector<OpFoldResult> steps;
  for (const Cut &cut : cuts) {
    loops.push_back(cut.loop);
    steps.push_back(cut.step);
  }
  TiledRoot tiled = tileRoot(result, loops, steps);
  for (auto [tileLoop, cut] : llvm::zip_equal(tiled.loops, cuts))
    takePart(tileLoop, cut, frame);
  return tiled;
}

/// Cuts the root into rows, or into pieces of a row where only that axis moves along.
static TiledRoot tileRows(Value result, const TilePlan &plan) {
  Builder builder(result.getContext());
  SmallVector<unsigned> outer;
  for (unsigned loop : plan.loops)
    if (loop != plan.innermost)
      outer.push_back(loop);
  if (outer.empty())
    return tileRoot(result, plan.innermost, OpFoldResult(builder.getIndexAttr(64)));
  return tileRoot(result, outer, SmallVector<OpFoldResult>(outer.size(), builder.getIndexAttr(1)));
}

/// The sizes of what `reshape` reads, from those of its result; nullopt where the result's
/// sizes do not tell.
static std::optional<SmallVector<Value>> sizesBefore(OpBuilder &builder, Operation *reshape,
                                                     ArrayRef<Value> sizes) {
  Location loc = reshape->getLoc();
  if (isa<tensor::CastOp>(reshape))
    return SmallVector<Value>(sizes);
  SmallVector<Value> before;
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(reshape)) {
    for (const ReassociationIndices &group : expand.getReassociationIndices()) {
      Value size = sizes[group.front()];
      for (int64_t axis : ArrayRef(group).drop_front())
        size = builder.createOrFold<arith::MulIOp>(loc, size, sizes[axis]);
      before.push_back(size);
    }
    return before;
  }
  auto collapse = cast<tensor::CollapseShapeOp>(reshape);
  for (auto [group, size] : llvm::zip_equal(collapse.getReassociationIndices(), sizes)) {
    int64_t known = 1;
    for (int64_t axis : group)
      known *= collapse.getSrcType().isDynamicDim(axis) ? 1 : collapse.getSrcType().getDimSize(axis);
    bool found = false;
    for (int64_t axis : group) {
      bool isDynamic = collapse.getSrcType().isDynamicDim(axis);
      if ((isDynamic && found) || known == 0)
        return std::nullopt;
      found |= isDynamic;
      Value divisor = arith::ConstantIndexOp::create(builder, loc, known);
      before.push_back(isDynamic ? builder.createOrFold<arith::DivUIOp>(loc, size, divisor)
                                 : Value(arith::ConstantIndexOp::create(
                                       builder, loc, collapse.getSrcType().getDimSize(axis))));
    }
  }
  return before;
}

namespace {

/// A value of the kernel's body and the memory it is to be stored in.
struct Destination {
  Value value;
  Value memref;
};

} // namespace

/// Where result `value` goes. A dense result that is another tensor under a new shape is
/// that tensor, stored at the same place.
static Destination destinationOf(OpBuilder &builder, Value value, const KernelOperand &operand) {
  SmallVector<Value> sizes = operand.sizes;
  while (Operation *op = operand.strided ? nullptr : value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(op))
      break;
    std::optional<SmallVector<Value>> before = sizesBefore(builder, op, sizes);
    if (!before)
      break;
    sizes = *before;
    value = op->getOperand(0);
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (type == operand.type)
    return {value, operand.memref};
  SmallVector<Value> strides(type.getRank());
  Value stride = arith::ConstantIndexOp::create(builder, value.getLoc(), 1);
  for (int64_t axis = type.getRank(); axis-- > 0;) {
    strides[axis] = stride;
    stride = builder.createOrFold<arith::MulIOp>(value.getLoc(), stride, sizes[axis]);
  }
  auto memref = MemRefType::get(type.getShape(), type.getElementType());
  return {value, memrefFromPointer(builder, value.getLoc(), memref, operand.pointer, sizes, strides)};
}

/// Tiles what computes `result` and gives its new value; sets `split` when parts share the work.
static Value tileResult(Value result, bool parallel, const KernelFrame &frame, bool &split) {
  std::optional<TilePlan> plan = planTiling(result);
  if (!plan || plan->loops.empty())
    return result;
  TiledRoot root = {result, result, {}};
  if (parallel) {
    root = splitAmongParts(result, *plan, frame);
    split = !root.loops.empty();
  }
  if (!plan->hasTemporaries)
    return root.result;
  bool isWhole = root.tile == root.result;
  TiledRoot rows = tileRows(root.tile, *plan);
  return isWhole ? rows.result : root.result;
}

/// Slices of tensors that are still empty would otherwise become whole buffers, and concat
/// and pad have no buffer form of their own.
static void cleanSlices(func::FuncOp machine) {
  RewritePatternSet patterns(machine.getContext());
  tensor::populateDecomposeTensorConcatPatterns(patterns);
  linalg::populateDecomposePadPatterns(patterns);
  tensor::populateFoldTensorEmptyPatterns(patterns);
  tensor::populateMergeConsecutiveInsertExtractSlicePatterns(patterns);
  tensor::ExtractSliceOp::getCanonicalizationPatterns(patterns, machine.getContext());
  (void)applyPatternsGreedily(machine, std::move(patterns));
}

FailureOr<bool> pleat::emitGeneralKernel(func::FuncOp kernel, func::FuncOp machine) {
  for (auto [argument, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    Layout layout = operandLayout(kernel, argument);
    if (tensor && ArrayRef(storedShape(tensor, layout)) != tensor.getShape())
      return kernel.emitError() << "expects argument " << argument << " of kernel '" << kernel.getName()
                                << "' to be row_major, but got " << stringifyLayout(layout);
  }
  KernelFrame frame(kernel, machine);
  OpBuilder builder = frame.builder();
  Location loc = kernel.getLoc();
  IRMapping mapping;
  mapArguments(builder, kernel, frame, mapping);
  useSlotSizes(kernel, frame, mapping);
  SmallVector<Destination> destinations;
  for (auto [value, operand] :
       llvm::zip_equal(kernel.front().getTerminator()->getOperands(), frame.results()))
    destinations.push_back(destinationOf(builder, value, operand));

  // Until it turns out that the work can be split, all of it belongs to part 0.
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isMine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, frame.part(), zero);
  auto guard = scf::IfOp::create(builder, loc, isMine, /*withElseRegion=*/false);
  OpBuilder body = guard.getThenBodyBuilder();
  cloneBody(body, kernel, mapping);

  bool split = false;
  for (const Destination &destination : destinations) {
    Value value = mapping.lookupOrDefault(destination.value);
    if (destinations.size() == 1)
      value = tileResult(value, kernel->hasAttr(kParallelAttrName), frame, split);
    auto store =
        bufferization::MaterializeInDestinationOp::create(body, loc, Type(), value, destination.memref);
    store.setRestrict(true);
    store.setWritable(true);
  }
  if (split) {
    OpBuilder before(guard);
    guard.getConditionMutable().assign(arith::ConstantIntOp::create(before, loc, 1, 1));
  }
  cleanSlices(machine);
  return split;
}
