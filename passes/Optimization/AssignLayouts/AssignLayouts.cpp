// One weight, one stored order: packed for what is multiplied with, row-major for the rest.
#include "passes/Optimization/AssignLayouts/AssignLayouts.h"

#include "passes/Optimization/AssignLayouts/PackedGather.h"
#include "passes/Optimization/AssignLayouts/PrecisionRule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace pleat {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/Optimization/AssignLayouts/AssignLayouts.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// The readers of one weight, by what they need.
struct Readers {
  SmallVector<OpOperand *> direct;     ///< linears that multiply with it
  SmallVector<OpOperand *> transposed; ///< transposes that only linears read
  SmallVector<OpOperand *> gathers;    ///< gathers whose table it is
  SmallVector<OpOperand *> others;
};

/// Whether every reader of `transposed` multiplies with it.
bool feedsOnlyLinears(TransposedOp transposed) {
  return llvm::all_of(transposed->getUses(), [](OpOperand &use) {
    auto linear = dyn_cast<LinearOp>(use.getOwner());
    return linear && &linear.getWeightMutable() == &use;
  });
}

void addReaders(Value value, Readers &readers) {
  for (OpOperand &use : value.getUses()) {
    Operation *owner = use.getOwner();
    auto linear = dyn_cast<LinearOp>(owner);
    auto transposed = dyn_cast<TransposedOp>(owner);
    auto gather = dyn_cast<GatherOp>(owner);
    auto repeat = dyn_cast<RepeatOp>(owner);
    if (linear && &linear.getWeightMutable() == &use)
      readers.direct.push_back(&use);
    else if (transposed && feedsOnlyLinears(transposed))
      readers.transposed.push_back(&use);
    else if (gather && &gather.getTableMutable() == &use)
      readers.gathers.push_back(&use);
    else if (isa<StackOp>(owner))
      addReaders(owner->getResult(0), readers);
    else if (repeat && use.getOperandNumber() >= repeat.getCarried().size())
      addReaders(repeat.getBody().front().getArgument(use.getOperandNumber()), readers);
    else
      readers.others.push_back(&use);
  }
}

Readers readersOf(WeightOp weight) {
  Readers readers;
  addReaders(weight.getResult(), readers);
  return readers;
}

void setLayout(WeightOp weight, Layout layout, bool transposed) {
  weight.setLayoutAttr(LayoutAttr::get(weight.getContext(), layout));
  weight.setTransposed(transposed);
}

/// Gives `uses` a weight op of their own, so that it can have a layout of its own.
WeightOp split(WeightOp weight, ArrayRef<OpOperand *> uses) {
  OpBuilder builder(weight);
  auto copy = cast<WeightOp>(builder.clone(*weight));
  for (OpOperand *use : uses)
    use->set(copy.getResult());
  return copy;
}

void addLinears(const Readers &readers, SmallVectorImpl<LinearOp> &linears) {
  for (OpOperand *use : readers.direct)
    linears.push_back(cast<LinearOp>(use->getOwner()));
  for (OpOperand *use : readers.transposed)
    for (Operation *user : use->getOwner()->getUsers())
      linears.push_back(cast<LinearOp>(user));
}

/// The linears that multiply with `weight`, and with the other slices of stacks it is in:
/// one kernel reads them all, in one layout.
SmallVector<LinearOp> linearsOf(WeightOp weight) {
  SmallVector<LinearOp> linears;
  addLinears(readersOf(weight), linears);
  for (Operation *user : weight->getUsers())
    if (isa<StackOp>(user))
      for (Value slice : user->getOperands())
        if (auto other = slice.getDefiningOp<WeightOp>(); other && other != weight)
          addLinears(readersOf(other), linears);
  return linears;
}

/// What the model calls `weight`.
std::string nameOf(WeightOp weight) {
  ArrayAttr names = weight.getNamesAttr();
  return names && !names.empty() ? cast<StringAttr>(names[0]).str() : "weight";
}

class AssignLayoutsPass : public pleat::impl::AssignLayoutsBase<AssignLayoutsPass> {
public:
  using AssignLayoutsBase::AssignLayoutsBase;

  void runOnOperation() override {
    std::optional<Precision> known = symbolizePrecision(precision);
    if (!known) {
      getOperation().emitError() << "pleat-assign-layouts: unknown precision '" << precision
                                 << "'; known: f32, f32-split, bf16";
      return signalPassFailure();
    }
    standard = *known;
    func::FuncOp function = getOperation();
    SizeExprs sizes(function);
    SizeValues values(function, sizes.dims());
    SmallVector<WeightOp> weights(function.getOps<WeightOp>());
    for (WeightOp weight : weights)
      if (failed(assign(weight, sizes, values)))
        return signalPassFailure();
  }

private:
  /// Slices of a stack cannot be given a stored copy of their own.
  static bool needsSplitOfSlices(WeightOp weight, const Readers &readers) {
    auto isSlice = [&](OpOperand *use) { return use->get() != weight.getResult(); };
    bool bothWays = !readers.direct.empty() && !readers.transposed.empty();
    return (bothWays && llvm::any_of(readers.transposed, isSlice)) || llvm::any_of(readers.others, isSlice) ||
           llvm::any_of(readers.gathers, isSlice);
  }

  LogicalResult assign(WeightOp weight, SizeExprs &sizes, SizeValues &values) {
    Readers readers = readersOf(weight);
    bool multiplied = !readers.direct.empty() || !readers.transposed.empty();
    if (!multiplied || !weight.getType().getElementType().isF32()) {
      setLayout(weight, Layout::RowMajor, false);
      return success();
    }
    if (needsSplitOfSlices(weight, readers)) {
      setLayout(weight, Layout::RowMajor, false);
      remark::missed(weight.getLoc(),
                     remark::RemarkOpts::name("SlicesReadTwice").category("pleat-assign-layouts"))
          << "weight of a rolled layer is read in ways that need two orders; it is stored row-major";
      return success();
    }
    bool transposed = readers.direct.empty();
    Layout packed = choose(weight, linearsOf(weight), transposed);
    if (!readers.direct.empty() && !readers.transposed.empty()) {
      setLayout(split(weight, readers.transposed), packed, true);
      remarkStoredTwice(weight, "it is multiplied with in both orientations");
      readers.transposed.clear();
    }
    bool sharePanels = transposed && !weight.getValue(); // a literal has the shape of its op
    if (!sharePanels)
      llvm::append_range(readers.others, readers.gathers);
    if (!readers.others.empty()) {
      setLayout(split(weight, readers.others), Layout::RowMajor, false);
      remarkStoredTwice(weight, "it is multiplied with and read as it is");
    }
    setLayout(weight, packed, transposed);
    if (sharePanels)
      for (OpOperand *use : readers.gathers)
        if (failed(gatherFromPacked(cast<GatherOp>(use->getOwner()), weight, sizes, values)))
          return failure();
    return success();
  }

  /// The packed layout of `weight`, with a remark where it is not what was asked for.
  Layout choose(WeightOp weight, ArrayRef<LinearOp> linears, bool transposed) {
    PrecisionChoice choice = choosePrecision(weight, linears, transposed, standard, tileProducts);
    if (!choice.refusal.empty())
      remark::missed(weight.getLoc(), remark::RemarkOpts::name("StaysF32").category("pleat-assign-layouts"))
          << "\"" + nameOf(weight) + "\" stays f32: " + choice.refusal;
    return choice.layout;
  }

  void remarkStoredTwice(WeightOp weight, StringRef why) {
    remark::missed(weight.getLoc(), remark::RemarkOpts::name("StoredTwice").category("pleat-assign-layouts"))
        << "weight is stored twice: " << why.str();
  }

  Precision standard = Precision::F32;
};

} // namespace
