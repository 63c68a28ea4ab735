// Turns groups of ops into kernel functions and launches, and makes equal kernels one.
#include "passes/Optimization/FormKernels/FormKernels.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/Analysis/States.h"
#include "passes/CPU/KernelAbi/KernelAbi.h"
#include "passes/CPU/KernelEmitter.h"
#include "passes/CPU/Scratch.h"
#include "passes/Optimization/FormKernels/Buffers.h"
#include "passes/Optimization/FormKernels/Grouping.h"
#include "passes/Utils/SizeValues.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace pleat {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/Optimization/FormKernels/FormKernels.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// A name that says what the kernel does: the anchor and, for a linear, its matrix.
static std::string kernelName(Operation *anchor) {
  std::string name = anchor->getName().stripDialect().str();
  std::replace(name.begin(), name.end(), '.', '_');
  auto append = [&](Type type) {
    for (auto [i, size] : llvm::enumerate(cast<RankedTensorType>(type).getShape()))
      name += (i ? "x" : "_") + (ShapedType::isDynamic(size) ? std::string("n") : std::to_string(size));
  };
  if (auto linear = dyn_cast<LinearOp>(anchor))
    append(linear.getWeight().getType());
  else if (anchor->getNumResults() && isa<RankedTensorType>(anchor->getResult(0).getType()))
    append(anchor->getResult(0).getType());
  return name;
}

/// Steps of all loops below which starting other threads costs more than they save.
static constexpr int64_t kFewSteps = 4096;

/// Whether loops of these sizes take few steps, whatever the run.
static bool takesFewSteps(ArrayRef<int64_t> sizes) {
  int64_t steps = 1;
  for (int64_t size : sizes) {
    if (ShapedType::isDynamic(size) || size >= kFewSteps)
      return false;
    steps *= std::max<int64_t>(size, 1);
    if (steps >= kFewSteps)
      return false;
  }
  return true;
}

/// Whether the work of `anchor` can be split into parts, and is worth it.
static bool isParallel(Operation *anchor) {
  if (isa<LinearOp, AttentionOp, ConvOp, LayerNormOp, RmsNormOp, RotaryOp, SoftmaxOp>(anchor))
    return true;
  if (isa<ActivationOp, GatherOp>(anchor))
    return !takesFewSteps(cast<RankedTensorType>(anchor->getResult(0).getType()).getShape());
  auto linalgOp = dyn_cast<linalg::LinalgOp>(anchor);
  return linalgOp && linalgOp.getNumParallelLoops() > 0 && !takesFewSteps(linalgOp.getStaticLoopRanges());
}

namespace {

class Outliner {
public:
  Outliner(func::FuncOp function, SizeExprs &sizes, SizeValues &values, ArrayRef<const LevelInfo *> levels)
      : function(function), module(function->getParentOfType<ModuleOp>()), symbols(module), sizes(sizes),
        values(values), levels(levels) {}

  FailureOr<LaunchOp> outline(const KernelGroup &group) {
    Operation *last = group.ops.back();
    llvm::SetVector<Operation *> inside(group.ops.begin(), group.ops.end());
    llvm::SetVector<Value> inputs = readFromOutside(inside);
    SmallVector<Value> outputs(last->getResults());

    SmallVector<Value> outputSizes;
    for (Value output : outputs) {
      auto shape = sizes.shapeOf(output);
      if (failed(shape))
        return last->emitOpError("expects sizes that follow from the model's dimensions");
      for (auto [size, expr] : llvm::zip(cast<RankedTensorType>(output.getType()).getShape(), *shape))
        if (ShapedType::isDynamic(size))
          outputSizes.push_back(values.get(expr));
    }

    SmallVector<Value> operands(inputs.getArrayRef());
    auto [kernel, inStates] = chooseKernel(group, operands, outputs);
    if (!inStates && failed(copyOutOfStates(operands, last)))
      return failure();
    kernel = unique(kernel, kernelName(group.anchor));
    OpBuilder builder(last);
    auto launch = LaunchOp::create(builder, group.anchor->getLoc(), TypeRange(ValueRange(outputs)),
                                   kernel.getSymName(), operands, outputSizes);
    for (auto [before, after] : llvm::zip(outputs, launch.getResults()))
      before.replaceAllUsesExcept(after, launch);
    if (!inStates && failed(copyIntoStates(launch)))
      return failure();
    return launch;
  }

  /// Whether a kernel of `group` would have an emitter of its own.
  bool hasEmitter(const KernelGroup &group) {
    llvm::SetVector<Operation *> inside(group.ops.begin(), group.ops.end());
    llvm::SetVector<Value> inputs = readFromOutside(inside);
    auto [kernel, inStates] = chooseKernel(group, inputs.getArrayRef(), group.ops.back()->getResults());
    bool found = hasEmitter(kernel);
    kernel.erase();
    return found;
  }

private:
  /// Values from outside that ops of the group, or regions of theirs, read.
  llvm::SetVector<Value> readFromOutside(const llvm::SetVector<Operation *> &inside) {
    llvm::SetVector<Value> read;
    auto add = [&](Value value) {
      Operation *producer = value.getDefiningOp();
      bool within = producer && llvm::any_of(inside, [&](Operation *op) { return op->isAncestor(producer); });
      Operation *owner =
          isa<BlockArgument>(value) ? cast<BlockArgument>(value).getOwner()->getParentOp() : nullptr;
      bool ownArgument = owner && llvm::any_of(inside, [&](Operation *op) { return op->isAncestor(owner); });
      bool constant =
          producer && producer->hasTrait<OpTrait::ConstantLike>() && !isa<RankedTensorType>(value.getType());
      if (!within && !ownArgument && !constant)
        read.insert(value);
    };
    for (Operation *op : inside)
      op->walk([&](Operation *inner) { llvm::for_each(inner->getOperands(), add); });
    return read;
  }

  static bool hasEmitter(func::FuncOp kernel) {
    return llvm::any_of(kernelFamilies(), [&](const KernelFamily &family) {
      return family.applies(kernel, allLevels().front());
    });
  }

  /// The kernel that reads and writes in states, unless that takes its emitter away; and
  /// whether it does.
  std::pair<func::FuncOp, bool> chooseKernel(const KernelGroup &group, ArrayRef<Value> inputs,
                                             ValueRange outputs) {
    func::FuncOp strided = makeKernel(group, inputs, outputs, /*inStates=*/true);
    bool isDense = llvm::none_of(inputs, appendedStateBehind) && llvm::none_of(outputs, appendOf);
    if (isDense || hasEmitter(strided))
      return {strided, true};
    func::FuncOp dense = makeKernel(group, inputs, outputs, /*inStates=*/false);
    bool useDense = hasEmitter(dense);
    (useDense ? strided : dense).erase();
    return {useDense ? dense : strided, !useDense};
  }

  /// Launches a copy of `value` before `op`, which takes the place of `use` if that is given.
  FailureOr<LaunchOp> launchCopy(Value value, Operation *op, OpOperand *use = nullptr) {
    auto shape = sizes.shapeOf(value);
    if (failed(shape))
      return op->emitOpError("expects sizes that follow from the model's dimensions");
    auto copy = cast<linalg::GenericOp>(copyBefore(op, value, *shape, values));
    if (use)
      use->set(copy.getResult(0));
    return outline({{copy.getDpsInits().front().getDefiningOp(), copy}, copy});
  }

  LogicalResult copyOutOfStates(MutableArrayRef<Value> operands, Operation *op) {
    for (Value &operand : operands)
      if (appendedStateBehind(operand)) {
        Value known = denseCopies.lookup({op->getBlock(), operand});
        if (!known) {
          FailureOr<LaunchOp> copy = launchCopy(operand, op);
          if (failed(copy))
            return failure();
          known = denseCopies[{op->getBlock(), operand}] = copy->getResult(0);
        }
        operand = known;
      }
    return success();
  }

  LogicalResult copyIntoStates(LaunchOp launch) {
    for (Value result : launch.getResults())
      if (appendOf(result) && failed(launchCopy(result, launch->getNextNode(), &*result.use_begin())))
        return failure();
    return success();
  }

  func::FuncOp makeKernel(const KernelGroup &group, ArrayRef<Value> inputs, ValueRange outputs,
                          bool inStates) {
    OpBuilder builder(module.getContext());
    auto type = builder.getFunctionType(TypeRange(ValueRange(inputs)), TypeRange(outputs));
    auto kernel = func::FuncOp::create(builder, group.anchor->getLoc(), "kernel", type);
    kernel.setPrivate();
    kernel->setAttr(PleatDialect::getKernelAttrName(), builder.getUnitAttr());
    if (isParallel(group.anchor))
      kernel->setAttr(kParallelAttrName, builder.getUnitAttr());

    Block *body = kernel.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    for (auto [i, input] : llvm::enumerate(inputs)) {
      mapping.map(input, body->getArgument(i));
      // What is read under its stored shape (rank 3) is plain data to the kernel.
      WeightOp weight = weightBehind(input);
      if (weight && weight.getLayoutAttr() && cast<RankedTensorType>(weight.getType()).getRank() == 2)
        kernel.setArgAttr(i, PleatDialect::getLayoutAttrName(), weight.getLayoutAttr());
      if (inStates && appendedStateBehind(input))
        kernel.setArgAttr(i, kStridedAttrName, builder.getUnitAttr());
    }
    for (auto [i, output] : llvm::enumerate(outputs))
      if (inStates && appendOf(output))
        kernel.setResultAttr(i, kStridedAttrName, builder.getUnitAttr());
    for (Operation *op : group.ops) {
      copyScalarConstants(op, mapping, builder);
      builder.clone(*op, mapping);
    }
    SmallVector<Value> results;
    for (Value output : outputs)
      results.push_back(mapping.lookup(output));
    func::ReturnOp::create(builder, kernel.getLoc(), results);
    if (std::optional<AffineMap> scratch = scratchFor(kernel, levels))
      kernel->setAttr(kScratchAttrName, AffineMapAttr::get(*scratch));
    return kernel;
  }

  /// Index and scalar constants that `op` reads are repeated inside the kernel.
  void copyScalarConstants(Operation *op, IRMapping &mapping, OpBuilder &builder) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (producer && producer->hasTrait<OpTrait::ConstantLike>() && !mapping.contains(operand) &&
            !isa<RankedTensorType>(operand.getType()) && !op->isAncestor(producer))
          mapping.map(operand, builder.clone(*producer)->getResult(0));
      }
    });
  }

  /// The kernel already made that equals `kernel` in all but its name, or `kernel` itself
  /// under a free name that begins with `name`.
  func::FuncOp unique(func::FuncOp kernel, StringRef name) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    kernel->print(stream, OpPrintingFlags().useLocalScope());
    auto [known, isNew] = made.try_emplace(text, kernel);
    if (!isNew) {
      kernel.erase();
      return known->second;
    }
    std::string free = name.str();
    for (unsigned suffix = 2; symbols.lookup(free); ++suffix)
      free = name.str() + "_" + std::to_string(suffix);
    kernel.setName(free);
    symbols.insert(kernel);
    return kernel;
  }

  func::FuncOp function;
  ModuleOp module;
  SymbolTable symbols;
  SizeExprs &sizes;
  SizeValues &values;
  ArrayRef<const LevelInfo *> levels;
  llvm::StringMap<func::FuncOp> made;
  /// States that have been copied in a block, for the kernels behind.
  DenseMap<std::pair<Block *, Value>, Value> denseCopies;
};

class FormKernelsPass : public pleat::impl::FormKernelsBase<FormKernelsPass> {
public:
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    auto function = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!function)
      return;
    SmallVector<const LevelInfo *> chosen;
    if (failed(chooseLevels(chosen)))
      return signalPassFailure();
    SizeExprs sizes(function);
    SizeValues values(function, sizes.dims());
    storeConstants(function);
    if (failed(viewsAsReshapes(function, sizes, values)))
      return signalPassFailure();
    SmallVector<Block *> blocks;
    function.walk([&](RepeatOp repeat) { blocks.push_back(&repeat.getBody().front()); });
    llvm::for_each(blocks, sinkCheapOps);
    blocks.push_back(&function.getBody().front());

    Outliner outliner(function, sizes, values, chosen);
    for (Block *block : blocks) { // bodies first: their kernels decide what must exist outside
      if (failed(giveBuffers(*block, sizes, values)))
        return signalPassFailure();
      auto hasEmitter = [&](const KernelGroup &group) { return outliner.hasEmitter(group); };
      for (const KernelGroup &group : groupKernels(*block, hasEmitter))
        if (failed(outliner.outline(group)))
          return signalPassFailure();
      eraseUnused(*block);
      sizes.forget();
    }
  }

private:
  LogicalResult chooseLevels(SmallVectorImpl<const LevelInfo *> &chosen) {
    for (const std::string &name : levels) {
      chosen.push_back(findLevel(name));
      if (!chosen.back())
        return emitError(getOperation().getLoc())
               << "unknown level '" << name << "'; known: x86-64-v3, x86-64-v4, x86-64-v4-amx";
    }
    if (chosen.empty())
      for (const LevelInfo &level : allLevels())
        chosen.push_back(&level);
    return success();
  }

  /// Tensor constants become weights: data belongs to the file. Only one value repeated
  /// stays in the code, where a linalg op reads it.
  void storeConstants(func::FuncOp function) {
    function.walk([](arith::ConstantOp constant) {
      auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
      bool onlyLinalg = llvm::all_of(constant->getUsers(), [](Operation *user) {
        return isa<linalg::LinalgOp>(user) || user->getParentOfType<linalg::LinalgOp>();
      });
      if (!elements || !isa<RankedTensorType>(constant.getType()) || (elements.isSplat() && onlyLinalg))
        return;
      OpBuilder builder(constant);
      auto weight = WeightOp::create(builder, constant.getLoc(), constant.getType(), StringAttr(), elements,
                                     ArrayAttr(), LayoutAttr::get(constant.getContext(), Layout::RowMajor),
                                     /*transposed=*/false);
      constant.replaceAllUsesWith(weight.getResult());
      constant.erase();
    });
  }

  /// Upstream's reshapes cost nothing either, where memory is dense.
  LogicalResult viewsAsReshapes(func::FuncOp function, SizeExprs &sizes, SizeValues &values) {
    SmallVector<Operation *> views;
    function.walk([&](Operation *op) {
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(op) &&
          !op->getParentOfType<linalg::LinalgOp>())
        views.push_back(op);
    });
    for (Operation *op : views) {
      SmallVector<Value> dynamic;
      if (failed(viewSizes(op, sizes, values, dynamic)))
        return op->emitOpError("expects sizes that follow from the model's dimensions");
      OpBuilder builder(op);
      auto reshape =
          ReshapeOp::create(builder, op->getLoc(), op->getResult(0).getType(), op->getOperand(0), dynamic);
      op->replaceAllUsesWith(reshape);
      op->erase();
      sizes.forget();
    }
    return success();
  }

  /// The dynamic sizes of what a view gives.
  static LogicalResult viewSizes(Operation *view, SizeExprs &sizes, SizeValues &values,
                                 SmallVectorImpl<Value> &dynamic) {
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(view)) {
      dynamic = SmallVector<Value>(expand.getOutputShape());
      return success();
    }
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(view))
      return collapsedSizes(collapse, sizes, values, dynamic);
    // A cast to a size that the type states is a reshape; the run has checked that it holds.
    auto shape = sizes.shapeOf(view->getOperand(0));
    auto type = dyn_cast<RankedTensorType>(view->getResult(0).getType());
    if (failed(shape) || !type)
      return failure();
    for (auto [size, expr] : llvm::zip_equal(type.getShape(), *shape))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(values.get(expr));
    return success();
  }

  static LogicalResult collapsedSizes(tensor::CollapseShapeOp collapse, SizeExprs &sizes, SizeValues &values,
                                      SmallVectorImpl<Value> &dynamic) {
    auto shape = sizes.shapeOf(collapse.getSrc());
    if (failed(shape))
      return failure();
    for (auto [size, axes] :
         llvm::zip(collapse.getResultType().getShape(), collapse.getReassociationIndices())) {
      AffineExpr product = getAffineConstantExpr(1, collapse.getContext());
      for (int64_t axis : axes)
        product = product * (*shape)[axis];
      if (ShapedType::isDynamic(size))
        dynamic.push_back(values.get(product));
    }
    return success();
  }

  void eraseUnused(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
};

} // namespace
