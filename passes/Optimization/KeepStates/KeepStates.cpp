// Decides for each pair of an argument and a result whether the result appends to the
// argument or replaces it.
#include "passes/Optimization/KeepStates/KeepStates.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeChecks.h"
#include "passes/Analysis/States.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace pleat {
#define GEN_PASS_DEF_KEEPSTATES
#include "passes/Optimization/KeepStates/KeepStates.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// Whether `insert` writes a tensor of the destination's rank without gaps.
static bool isPlain(tensor::InsertSliceOp insert) {
  return insert.getSourceType().getRank() == insert.getDestType().getRank() && insert.hasUnitStride();
}

static Value behindCasts(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>())
    value = cast.getSource();
  return value;
}

static Type elementType(Value value) { return getElementTypeOrSelf(value.getType()); }

namespace {

class StateKeeper {
public:
  explicit StateKeeper(func::FuncOp function)
      : function(function), terminator(function.front().getTerminator()), sizes(function) {
    std::string unread;
    if (auto known = findSizeChecks(function, sizes, unread); succeeded(known))
      checked = std::move(known->checks);
  }

  LogicalResult keep(StringRef input, StringRef output) {
    std::optional<unsigned> argument = numberOf(input, function.getNumArguments(), [&](unsigned i) {
      return function.getArgAttr(i, PleatDialect::getNameAttrName());
    });
    std::optional<unsigned> result = numberOf(output, function.getNumResults(), [&](unsigned i) {
      return function.getResultAttr(i, PleatDialect::getNameAttrName());
    });
    auto error = [&]() -> InFlightDiagnostic {
      return emitError(function.getLoc()) << "state \"" << input << "\" = \"" << output << "\": ";
    };
    if (!argument || !result)
      return error() << "expects the names of an input and an output";
    Value from = function.getArgument(*argument), to = terminator->getOperand(*result);
    if (elementType(from) != elementType(to))
      return error() << "expects one element type, but got " << elementType(from) << " and "
                     << elementType(to);
    auto before = sizes.shapeOf(from), after = sizes.shapeOf(to);
    if (failed(before) || failed(after))
      return error() << "expects sizes that follow from the model's dimensions";
    if (before->size() == after->size() && llvm::all_of(llvm::zip(*before, *after), [&](auto pair) {
          return isEqual(std::get<0>(pair), std::get<1>(pair));
        })) {
      found.push_back({*argument, *result, std::nullopt});
      return success();
    }
    std::optional<unsigned> axis = matchAppend(function.getArgument(*argument), to, *before, *after);
    if (!axis)
      return error()
             << "expects the output to have the input's shape, or to be the input with rows appended along "
                "a dimension, but got "
             << function.getArgAttr(*argument, PleatDialect::getDimsAttrName()) << " and "
             << function.getResultAttr(*result, PleatDialect::getDimsAttrName());
    found.push_back({*argument, *result, axis});
    return success();
  }

  /// Rewrites what `keep` has found.
  void rewrite() {
    for (const State &state : found) {
      setState(function, state);
      if (!state.axis)
        continue;
      auto insert = terminator->getOperand(state.result).getDefiningOp<tensor::InsertSliceOp>();
      OpBuilder builder(insert);
      auto append = AppendOp::create(builder, insert.getLoc(), insert.getType(),
                                     function.getArgument(state.argument), insert.getSource(), *state.axis);
      insert.replaceAllUsesWith(append.getResult());
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

private:
  template <typename Attributes>
  static std::optional<unsigned> numberOf(StringRef name, unsigned count, Attributes nameOf) {
    for (unsigned i = 0; i < count; ++i)
      if (auto known = dyn_cast_or_null<StringAttr>(nameOf(i)); known && known.getValue() == name)
        return i;
    return std::nullopt;
  }

  /// Whether two sizes are equal in every run, also because the run checks it.
  bool isEqual(AffineExpr a, AffineExpr b) const {
    return a == b || llvm::any_of(checked, [&](const SizeCheck &check) {
             return (check.first == a && check.second == b) || (check.first == b && check.second == a);
           });
  }

  /// The axis along which `to` is `from` and rows behind it; nullopt if it is something else.
  std::optional<unsigned> matchAppend(BlockArgument from, Value to, ArrayRef<AffineExpr> before,
                                      ArrayRef<AffineExpr> after) {
    if (before.size() != after.size())
      return std::nullopt;
    std::optional<unsigned> axis;
    for (size_t i = 0; i < before.size(); ++i)
      if (!isEqual(before[i], after[i])) {
        if (axis || !isa<AffineSymbolExpr>(before[i]))
          return std::nullopt;
        axis = i;
      }
    auto last = to.getDefiningOp<tensor::InsertSliceOp>();
    auto first = last ? last.getDest().getDefiningOp<tensor::InsertSliceOp>() : nullptr;
    if (!first || !isPlain(first) || !isPlain(last) || behindCasts(first.getSource()) != from ||
        !first.getDest().getDefiningOp<tensor::EmptyOp>())
      return std::nullopt;
    SmallVector<AffineExpr> start(before.size(), getAffineConstantExpr(0, function.getContext())),
        end = start;
    end[*axis] = before[*axis];
    return beginsAt(first, start) && beginsAt(last, end) && fills(last, *axis, after) ? axis : std::nullopt;
  }

  std::optional<AffineExpr> exprOf(OpFoldResult size) {
    if (std::optional<int64_t> constant = getConstantIntValue(size))
      return getAffineConstantExpr(*constant, function.getContext());
    auto expr = sizes.of(cast<Value>(size));
    return succeeded(expr) ? std::optional(*expr) : std::nullopt;
  }

  bool beginsAt(tensor::InsertSliceOp insert, ArrayRef<AffineExpr> offsets) {
    return llvm::all_of(llvm::zip(insert.getMixedOffsets(), offsets),
                        [&](auto pair) { return exprOf(std::get<0>(pair)) == std::get<1>(pair); });
  }

  /// Whether the rows reach over all of the other axes.
  bool fills(tensor::InsertSliceOp insert, unsigned axis, ArrayRef<AffineExpr> shape) {
    for (auto [i, size] : llvm::enumerate(insert.getMixedSizes()))
      if (std::optional<AffineExpr> expr = exprOf(size); i != axis && (!expr || !isEqual(*expr, shape[i])))
        return false;
    return true;
  }

  func::FuncOp function;
  Operation *terminator;
  SizeExprs sizes;
  SmallVector<SizeCheck> checked;
  SmallVector<State> found;
};

class KeepStatesPass : public pleat::impl::KeepStatesBase<KeepStatesPass> {
public:
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto pairs = function->getAttrOfType<ArrayAttr>(kStatePairsAttrName);
    if (!pairs)
      return;
    function->removeAttr(kStatePairsAttrName);
    StateKeeper keeper(function);
    bool failedOne = false;
    for (auto pair : pairs.getAsRange<ArrayAttr>())
      failedOne |=
          failed(keeper.keep(cast<StringAttr>(pair[0]).getValue(), cast<StringAttr>(pair[1]).getValue()));
    if (failedOne)
      return signalPassFailure();
    keeper.rewrite();
  }
};

} // namespace
