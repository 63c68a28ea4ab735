// One weight, one stored order: panels for what is multiplied with, row-major for the rest.
#include "passes/Optimization/AssignLayouts/AssignLayouts.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/Utils/SizeValues.h"

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

static constexpr int64_t panelWidth = 16;

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

/// `id` as a valid row: negative ids count from the end, and none leaves the table.
Value validRow(OpBuilder &builder, Location loc, Value id, int64_t rows) {
  Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), id);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value count = arith::ConstantIndexOp::create(builder, loc, rows);
  Value last = arith::ConstantIndexOp::create(builder, loc, rows - 1);
  Value negative = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, zero);
  Value fromEnd = arith::AddIOp::create(builder, loc, row, count);
  row = arith::SelectOp::create(builder, loc, negative, fromEnd, row);
  row = arith::MaxSIOp::create(builder, loc, row, zero);
  return arith::MinSIOp::create(builder, loc, row, last);
}

/// Replaces a gather from a [V, D] table by one from its panels: the table's transpose,
/// stored as [V/16][D][16], holds row v in lane v % 16 of panel v / 16.
LogicalResult gatherFromPanels(GatherOp gather, WeightOp table, SizeExprs &sizes, SizeValues &values) {
  auto type = cast<RankedTensorType>(table.getType());
  auto resultType = cast<RankedTensorType>(gather.getType());
  int64_t rows = type.getDimSize(0), rank = resultType.getRank();
  OpBuilder builder(table);
  auto panels = RankedTensorType::get({(rows + panelWidth - 1) / panelWidth, type.getDimSize(1), panelWidth},
                                      type.getElementType());
  auto packed = WeightOp::create(builder, table.getLoc(), panels, table.getKeyAttr(), table.getValueAttr(),
                                 table.getNamesAttr(), table.getLayoutAttr(), table.getTransposed());

  builder.setInsertionPoint(gather);
  auto shape = sizes.shapeOf(gather.getResult());
  if (failed(shape))
    return gather.emitOpError("expects sizes that follow from the model's dimensions");
  SmallVector<Value> dynamic;
  for (auto [size, expr] : llvm::zip(resultType.getShape(), *shape))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(values.get(expr));
  Location loc = gather.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, resultType, dynamic);
  SmallVector<AffineExpr> leading;
  for (int64_t axis = 0; axis + 1 < rank; ++axis)
    leading.push_back(builder.getAffineDimExpr(axis));
  SmallVector<AffineMap> maps{AffineMap::get(rank, 0, leading, builder.getContext()),
                              builder.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location l, ValueRange elements) {
    Value row = validRow(b, l, elements.front(), rows);
    Value width = arith::ConstantIndexOp::create(b, l, panelWidth);
    Value panel = arith::DivUIOp::create(b, l, row, width), lane = arith::RemUIOp::create(b, l, row, width);
    Value column = linalg::IndexOp::create(b, l, rank - 1);
    Value element = tensor::ExtractOp::create(b, l, packed.getResult(), ValueRange{panel, column, lane});
    linalg::YieldOp::create(b, l, element);
  };
  auto generic = linalg::GenericOp::create(builder, loc, resultType, gather.getIds(), empty, maps, loops, body);
  gather.replaceAllUsesWith(generic.getResult(0));
  gather.erase();
  sizes.forget();
  return success();
}

class AssignLayoutsPass : public pleat::impl::AssignLayoutsBase<AssignLayoutsPass> {
public:
  void runOnOperation() override {
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
      remark::missed(weight.getLoc(), remark::RemarkOpts::name("SlicesReadTwice").category("pleat-assign-layouts"))
          << "weight of a rolled layer is read in ways that need two orders; it is stored row-major";
      return success();
    }
    if (!readers.direct.empty() && !readers.transposed.empty()) {
      setLayout(split(weight, readers.transposed), Layout::Panel16, true);
      remarkStoredTwice(weight, "it is multiplied with in both orientations");
      readers.transposed.clear();
    }
    bool transposed = !readers.transposed.empty();
    bool sharePanels = transposed && !weight.getValue(); // a literal has the shape of its op
    if (!sharePanels)
      llvm::append_range(readers.others, readers.gathers);
    if (!readers.others.empty()) {
      setLayout(split(weight, readers.others), Layout::RowMajor, false);
      remarkStoredTwice(weight, "it is multiplied with and read as it is");
    }
    setLayout(weight, Layout::Panel16, transposed);
    if (sharePanels)
      for (OpOperand *use : readers.gathers)
        if (failed(gatherFromPanels(cast<GatherOp>(use->getOwner()), weight, sizes, values)))
          return failure();
    return success();
  }

  void remarkStoredTwice(WeightOp weight, StringRef why) {
    remark::missed(weight.getLoc(), remark::RemarkOpts::name("StoredTwice").category("pleat-assign-layouts"))
        << "weight is stored twice: " << why.str();
  }
};

} // namespace
