/// What counts as an attention kernel, and how its operands become strided heads.
#include "passes/CPU/EmitAttention/EmitAttention.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/EmitAttention/AttentionCode.h"

using namespace mlir;
using namespace pleat;

namespace {

/// An attention kernel's parts; views have four axes.
struct AttentionKernel {
  AttentionOp attention;
  StridedView query, key, value, result;
  std::optional<StridedView> mask;
};

} // namespace

/// `tensor` as a view with four axes and adjacent elements on the last.
static std::optional<StridedView> headedView(func::FuncOp kernel, Value tensor) {
  if (!cast<RankedTensorType>(tensor.getType()).getElementType().isF32())
    return std::nullopt;
  std::optional<StridedView> view = sourceView(kernel, tensor);
  if (!view || !view->strides.back().isConstant(1) || !view->sizes.back().isConstant())
    return std::nullopt;
  return view;
}

/// The mask with stride 0 on axes of size 1.
static std::optional<StridedView> maskView(func::FuncOp kernel, Value mask) {
  if (!cast<RankedTensorType>(mask.getType()).getElementType().isF32())
    return std::nullopt;
  std::optional<StridedView> view = sourceView(kernel, mask);
  if (!view)
    return std::nullopt;
  for (unsigned axis = 0; axis < view->rank(); ++axis)
    if (view->sizes[axis].isConstant(1))
      view->strides[axis] = Extent(0);
  if (!view->strides.back().isConstant(0) && !view->strides.back().isConstant(1))
    return std::nullopt;
  return view;
}

static std::optional<AttentionKernel> matchAttention(func::FuncOp kernel) {
  auto ops = kernel.getOps<AttentionOp>();
  if (kernel.getNumResults() != 1 || !llvm::hasSingleElement(ops))
    return std::nullopt;
  AttentionOp attention = *ops.begin();
  std::optional<StridedView> query = headedView(kernel, attention.getQuery());
  std::optional<StridedView> key = headedView(kernel, attention.getKey());
  std::optional<StridedView> value = headedView(kernel, attention.getValue());
  std::optional<Destination> destination = destinationView(kernel, 0);
  if (!query || !key || !value || !destination || destination->value != attention.getResult() ||
      !destination->view.strides.back().isConstant(1))
    return std::nullopt;
  if (!query->sizes[1].isConstant() || !key->sizes[1].isConstant())
    return std::nullopt;
  AttentionKernel match{attention, *query, *key, *value, destination->view, std::nullopt};
  if (attention.getMask()) {
    match.mask = maskView(kernel, attention.getMask());
    if (!match.mask)
      return std::nullopt;
  }
  return match;
}

/// The number of `symbol` among what a scratch map is applied to: dynamic sizes and index
/// arguments, in slot order.
static std::optional<unsigned> scratchDim(func::FuncOp kernel, const SlotSymbol &symbol) {
  unsigned next = 0;
  for (const Slot &slot : kernelSlots(kernel)) {
    if (slot.kind != Slot::Size && slot.kind != Slot::Index)
      continue;
    bool isSame = slot.operand == symbol.operand &&
                  (slot.kind == Slot::Index ? symbol.kind == SlotSymbol::Index
                                            : symbol.kind == SlotSymbol::Size && slot.axis == symbol.axis);
    if (isSame)
      return next;
    ++next;
  }
  return std::nullopt;
}

static unsigned scratchDimCount(func::FuncOp kernel) {
  return llvm::count_if(kernelSlots(kernel),
                        [](const Slot &slot) { return slot.kind == Slot::Size || slot.kind == Slot::Index; });
}

/// `size` over what a scratch map is applied to.
static std::optional<AffineExpr> scratchExpr(func::FuncOp kernel, const Extent &size) {
  AffineExpr expr = getAffineConstantExpr(size.getCoefficient(), kernel.getContext());
  if (size.getSymbols().size() > 1)
    return std::nullopt;
  if (size.isConstant())
    return expr;
  std::optional<unsigned> dim = scratchDim(kernel, size.getSymbols().front());
  if (!dim)
    return std::nullopt;
  return getAffineDimExpr(*dim, kernel.getContext()) * expr;
}

/// Whether heads see the same keys, so that one search for them serves all.
static bool sharesKeyRanges(func::FuncOp kernel, const AttentionKernel &match) {
  return match.mask && match.mask->strides[1].isConstant(0) && match.mask->strides.back().isConstant(1) &&
         !match.query.sizes[1].isConstant(1) && scratchExpr(kernel, match.query.sizes[2]);
}

static std::optional<AffineMap> scratchOf(func::FuncOp kernel, const AttentionKernel &match) {
  std::optional<AffineExpr> tokens = scratchExpr(kernel, match.key.sizes[2]);
  if (!tokens)
    return std::nullopt;
  // Rows of scores for a tile and one head's packed keys, each a multiple of a panel.
  AffineExpr floats = (*tokens + (kTokenPanel - 1)) * (kQueryTile + match.key.sizes[3].getCoefficient());
  // A range for each tile of queries; a number for each query and one more are enough.
  if (sharesKeyRanges(kernel, match))
    floats = floats + *scratchExpr(kernel, match.query.sizes[2]) + 1;
  return AffineMap::get(scratchDimCount(kernel), 0, floats * int64_t(sizeof(float)));
}

std::optional<AffineMap> pleat::attentionScratch(func::FuncOp kernel) {
  std::optional<AttentionKernel> match = matchAttention(kernel);
  return match ? scratchOf(kernel, *match) : std::nullopt;
}

bool pleat::appliesEmitAttention(func::FuncOp kernel, const LevelInfo &) {
  return kernel->hasAttr(kScratchAttrName) && attentionScratch(kernel).has_value();
}

LogicalResult pleat::emitAttention(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<AttentionKernel> match = matchAttention(kernel);
  assert(match && "the family was asked first");
  KernelFrame frame(kernel, machine);
  KernelBuilder builder(match->attention.getLoc(), frame.builder(), level.lanes);
  FrameValues values(frame, builder);
  auto headed = [&](const StridedView &view) {
    auto stride = [&](unsigned axis) { return values.value(builder, view.strides[axis]); };
    return HeadedTensor{values.memory(view.operand), values.sum(builder, view.offset), stride(0), stride(1),
                        stride(2)};
  };
  AttentionProblem problem;
  problem.query = headed(match->query);
  problem.key = headed(match->key);
  problem.value = headed(match->value);
  problem.result = headed(match->result);
  if (match->mask) {
    problem.mask = headed(*match->mask);
    problem.maskHasColumns = match->mask->strides.back().isConstant(1);
    problem.sharesKeyRanges = sharesKeyRanges(kernel, *match);
  }
  problem.batches = values.value(builder, match->query.sizes[0]);
  problem.queries = values.value(builder, match->query.sizes[2]);
  problem.tokens = values.value(builder, match->key.sizes[2]);
  problem.heads = match->query.sizes[1].getCoefficient();
  problem.headsPerKey = problem.heads / match->key.sizes[1].getCoefficient();
  problem.keySize = match->key.sizes[3].getCoefficient();
  problem.valueSize = match->value.sizes[3].getCoefficient();
  problem.scale = match->attention.getScale().convertToFloat();
  problem.isCausal = match->attention.getCausal();
  problem.maskedRowsZero = match->attention.getMaskedRowsZero();
  problem.scratch = values.scratch();
  problem.part = frame.part();
  problem.parts = frame.parts();
  emitAttentionLoops(builder, problem, level);
  return success();
}
