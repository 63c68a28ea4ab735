// Decides which ops run together. A linear takes the elementwise op behind it, an
// attention the views around it, a rotary embedding those before it; everything else is a
// kernel of its own.
#include "passes/Optimization/FormKernels/Grouping.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/CPU/WindowReduction.h"
#include "llvm/ADT/SetVector.h"
#include <functional>

using namespace mlir;
using namespace pleat;

bool pleat::staysOutside(Operation *op) {
  if (isa<WeightOp, TransposedOp, StackOp, UnstackOp, RepeatOp, AppendOp, ReshapeOp, LaunchOp, tensor::DimOp,
          affine::AffineApplyOp>(op))
    return true;
  if (op->hasTrait<OpTrait::IsTerminator>())
    return true;
  return llvm::none_of(op->getResultTypes(), [](Type type) { return isa<RankedTensorType>(type); });
}

/// Constants that become part of the code: scalars and splats.
static bool isInlineConstant(Operation *op) {
  auto constant = dyn_cast<arith::ConstantOp>(op);
  if (!constant)
    return false;
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  return !elements || elements.isSplat();
}

/// Arithmetic on single numbers other than sizes, which are arguments of kernels.
static bool isScalarArithmetic(Operation *op) {
  return op->getNumResults() == 1 && op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         isa<IntegerType, FloatType>(op->getResult(0).getType()) && !isa<tensor::ExtractOp>(op);
}

/// Cheaper to repeat in a kernel than to store.
static bool isCheap(Operation *op) {
  return isScalarArithmetic(op) || isa<tensor::EmptyOp, linalg::FillOp, tensor::ExtractSliceOp>(op) ||
         isInlineConstant(op);
}

/// A transpose of a weight that is stored as it is: its readers transpose. A packed weight
/// is stored the way they read it.
static bool isDoneByReaders(Operation *op) {
  auto transposed = dyn_cast<TransposedOp>(op);
  WeightOp weight = transposed ? weightBehind(transposed.getWeight()) : nullptr;
  return weight && weight.getLayout().value_or(Layout::RowMajor) == Layout::RowMajor;
}

static bool isView(Operation *op) { return isa<linalg::TransposeOp, ReshapeOp, tensor::ExtractSliceOp>(op); }

/// Ops whose emitters read strided operands, so that views of them need no memory.
static bool readsThroughViews(Operation *op) { return isa<AttentionOp, RotaryOp>(op); }

/// Ops with emitters of their own read their operands as they lie in memory.
static bool readsPlainOperands(Operation *op) {
  return isa<LinearOp, LayerNormOp, RmsNormOp, SoftmaxOp, GatherOp, ConvOp, tensor::PadOp>(op);
}

/// Whether `map` spreads one value a channel (axis 1) over the loops.
static bool isPerChannel(AffineMap map) {
  return llvm::all_of(map.getResults(), [](AffineExpr expr) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return isa<AffineConstantExpr>(expr) || (dim && dim.getPosition() == 1);
  });
}

/// Whether `op` reads and gives f32, with nothing but f32, i32 and i1 on the way: emitters keep
/// one number a lane.
static bool staysInF32(linalg::GenericOp op) {
  bool readsF32 =
      llvm::all_of(op->getOperandTypes(), [](Type type) { return getElementTypeOrSelf(type).isF32(); });
  return readsF32 && llvm::all_of(*op.getBody(), [](Operation &inner) {
           return llvm::all_of(inner.getResultTypes(), [](Type type) {
             return type.isF32() || type.isInteger(32) || type.isInteger(1);
           });
         });
}

/// Whether `consumer` computes element by element on `value`, with other operands of the
/// same shape, one value a column (behind a convolution a channel), or one value in all:
/// what a tile in registers can take.
static bool isEpilogue(linalg::GenericOp consumer, Value value, bool ofConvolution) {
  if (consumer.getNumResults() != 1 || consumer.getNumParallelLoops() != consumer.getNumLoops() ||
      consumer.hasIndexSemantics() || !staysInF32(consumer))
    return false;
  if (!consumer.getMatchingIndexingMap(consumer.getDpsInitOperand(0)).isIdentity())
    return false;
  unsigned rank = consumer.getNumLoops();
  for (OpOperand *operand : consumer.getDpsInputOperands()) {
    AffineMap map = consumer.getMatchingIndexingMap(operand);
    bool whole = map.isIdentity();
    bool isColumn =
        map.getNumResults() == 1 && map.getResult(0) == getAffineDimExpr(rank - 1, map.getContext());
    bool column = ofConvolution ? isPerChannel(map) : isColumn;
    bool scalar = map.getNumResults() == 0;
    if (operand->get() == value ? !whole : !(whole || column || scalar))
      return false;
  }
  // The epilogue reads no previous contents of its destination.
  return !consumer.payloadUsesValueFromOperand(consumer.getDpsInitOperand(0));
}

/// Whether `producer` only spreads values (a bias, say) over the tensor that `op`
/// accumulates into: computed in place, it costs a store.
static bool startsAccumulation(Operation *producer, Operation *op, Value operand) {
  auto accumulation = dyn_cast<linalg::LinalgOp>(op);
  auto spread = dyn_cast<linalg::GenericOp>(producer);
  return accumulation && spread && llvm::is_contained(accumulation.getDpsInits(), operand) &&
         accumulation.getNumReductionLoops() > 0 && spread.getNumReductionLoops() == 0 &&
         llvm::hasSingleElement(*spread.getBody()) && operand.hasOneUse();
}

/// Whether a convolution can take what follows it: one whose kernel keeps its sums in
/// registers. Any other one is alone, and writes its sums to its result.
static bool takesEpilogue(ConvOp conv) {
  auto weight = cast<RankedTensorType>(conv.getWeight().getType());
  return weight.getElementType().isF32() && weight.hasStaticShape() &&
         llvm::all_of(conv.getPads(), [](int64_t pad) { return pad >= 0; });
}

static bool isWindowReduction(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && matchWindowReduction(generic);
}

/// Whether `producer` pads what the window reduction `op` reads.
static bool padsWindows(Operation *producer, Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  std::optional<WindowReduction> window = generic ? matchWindowReduction(generic) : std::nullopt;
  return window && window->pad == producer;
}

namespace {

class Grouper {
public:
  Grouper(Block &block, llvm::function_ref<bool(const KernelGroup &)> hasEmitter)
      : block(block), hasEmitter(hasEmitter) {}

  SmallVector<KernelGroup> run() {
    for (Operation &op : block)
      if (auto conv = dyn_cast<ConvOp>(op);
          isa<LinearOp, AttentionOp>(op) || (conv && takesEpilogue(conv)) || isWindowReduction(&op))
        takeConsumers(&op);
    // Backwards, so that an op is reached after all that reads it: what nobody needs in
    // memory was repeated by its readers and gets no kernel.
    for (Operation &op : llvm::reverse(block)) {
      if (op.hasTrait<OpTrait::IsTerminator>())
        requireOperands(&op);
      else if (auto found = endsGroup.find(&op); found != endsGroup.end())
        finish(found->second);
      else if (inGroup.contains(&op) || !required.contains(&op))
        continue;
      else if (staysOutside(&op))
        requireOperands(&op);
      else
        finish({{&op}, &op});
    }
    std::reverse(groups.begin(), groups.end());
    return std::move(groups);
  }

private:
  /// Puts what follows `anchor` element by element, or as a view, into its group.
  void takeConsumers(Operation *anchor) {
    KernelGroup group{{anchor}, anchor};
    SmallVector<Operation *> pending;
    Value value = anchor->getResult(0);
    while (value.hasOneUse()) {
      Operation *user = *value.user_begin();
      if (user->getBlock() != &block || inGroup.contains(user)) // one product takes a common reader
        break;
      bool take = false;
      if (isa<AttentionOp>(anchor)) {
        take = isa<linalg::TransposeOp>(user) || (isa<ReshapeOp>(user) && group.ops.size() == 2);
      } else if (auto generic = dyn_cast<linalg::GenericOp>(user)) {
        take = isEpilogue(generic, value, isa<ConvOp, linalg::GenericOp>(anchor));
      } else if (isa<ActivationOp>(user)) {
        take = true;
      } else if (isa<ReshapeOp>(user) &&
                 !isa<ConvOp, linalg::GenericOp>(anchor)) { // there, tiles are pieces of rows
        pending.push_back(user);
        value = user->getResult(0);
        continue;
      }
      if (!take)
        break;
      llvm::append_range(group.ops, pending);
      pending.clear();
      group.ops.push_back(user);
      value = user->getResult(0);
    }
    for (Operation *op : group.ops)
      inGroup.insert(op);
    endsGroup[group.ops.back()] = group;
  }

  /// Adds what the group's ops read and can repeat; the rest must exist in memory.
  void finish(KernelGroup group) {
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(group.anchor))
      takeInsertions(insert, group);
    Closure closure = close(group, /*throughViews=*/true);
    if (readsThroughViews(group.anchor) && !hasEmitter(closure.group))
      closure = close(group, /*throughViews=*/false);
    required.insert_range(closure.fromMemory);
    groups.push_back(std::move(closure.group));
  }

  /// A group with all that it repeats, and the producers of what it reads from memory.
  struct Closure {
    KernelGroup group;
    SmallVector<Operation *> fromMemory;
  };

  Closure close(const KernelGroup &group, bool throughViews) {
    Closure closure;
    llvm::SetVector<Operation *> ops(group.ops.begin(), group.ops.end());
    for (size_t i = 0; i < ops.size(); ++i) {
      Operation *op = ops[i];
      for (Value operand : op->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (!producer || producer->getBlock() != &block || ops.contains(producer))
          continue;
        bool viewOfAnchor = throughViews && readsThroughViews(group.anchor) && isView(producer) &&
                            (op == group.anchor || isView(op));
        bool repeat = viewOfAnchor || isDoneByReaders(producer) || padsWindows(producer, op) ||
                      startsAccumulation(producer, op, operand) || isInlineConstant(producer) ||
                      (isCheap(producer) && !readsPlainOperands(op) && !isa<ReshapeOp>(op) &&
                       (throughViews || op != group.anchor));
        if (repeat)
          ops.insert(producer);
        else
          closure.fromMemory.push_back(producer);
      }
      op->walk([&](Operation *inner) { addCaptured(inner, op, ops, closure.fromMemory); });
    }
    closure.group.anchor = group.anchor;
    closure.group.ops = ops.takeVector();
    llvm::sort(closure.group.ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return closure;
  }

  /// Values that regions of `op` read from outside.
  void addCaptured(Operation *inner, Operation *op, llvm::SetVector<Operation *> &ops,
                   SmallVectorImpl<Operation *> &fromMemory) {
    if (inner == op)
      return;
    for (Value operand : inner->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!producer || producer->getBlock() != &block || ops.contains(producer))
        continue;
      if (isCheap(producer) || isDoneByReaders(producer))
        ops.insert(producer);
      else
        fromMemory.push_back(producer);
    }
  }

  /// A chain of insertions into one tensor is one kernel.
  void takeInsertions(tensor::InsertSliceOp last, KernelGroup &group) {
    Value destination = last.getDest();
    while (auto previous = destination.getDefiningOp<tensor::InsertSliceOp>()) {
      if (!previous->hasOneUse() || inGroup.contains(previous))
        return;
      inGroup.insert(previous);
      group.ops.push_back(previous);
      destination = previous.getDest();
    }
  }

  /// What `op` reads, in its regions too, must exist in memory.
  void requireOperands(Operation *op) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          required.insert(producer);
    });
  }

  Block &block;
  llvm::function_ref<bool(const KernelGroup &)> hasEmitter;
  SmallVector<KernelGroup> groups;
  DenseSet<Operation *> inGroup;
  DenseMap<Operation *, KernelGroup> endsGroup;
  DenseSet<Operation *> required;
};

} // namespace

SmallVector<KernelGroup> pleat::groupKernels(Block &block,
                                             llvm::function_ref<bool(const KernelGroup &)> hasEmitter) {
  return Grouper(block, hasEmitter).run();
}

void pleat::sinkCheapOps(Block *body) {
  DenseMap<Operation *, Operation *> copies;
  OpBuilder builder = OpBuilder::atBlockBegin(body);
  std::function<Value(Value)> inside = [&](Value value) -> Value {
    Operation *producer = value.getDefiningOp();
    if (!producer || body->findAncestorOpInBlock(*producer) || !isCheap(producer))
      return value;
    Operation *&copy = copies[producer];
    if (!copy) {
      Operation *made = producer->clone();
      for (OpOperand &operand : made->getOpOperands())
        operand.set(inside(operand.get()));
      builder.insert(made);
      copies[producer] = made; // the map may have grown under `copy`
    }
    return copies[producer]->getResult(cast<OpResult>(value).getResultNumber());
  };
  SmallVector<Operation *> ops;
  for (Operation &op : *body)
    ops.push_back(&op);
  for (Operation *op : ops)
    op->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands())
        operand.set(inside(operand.get()));
    });
}
