/// What counts as a linear kernel, which product computes it, and how its operands meet.
#include "passes/CPU/EmitLinear/EmitLinear.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/EmitLinear/PanelProduct.h"
#include "passes/CPU/EmitLinear/TileProduct.h"
#include "passes/CPU/EmitLinear/WidenedProduct.h"
#include "passes/CPU/Utils/Elementwise.h"

using namespace mlir;
using namespace pleat;

namespace {

/// A linear kernel's parts.
struct LinearKernel {
  LinearOp linear;
  unsigned weight; ///< argument
  StridedView x;
  Destination destination;
  Elementwise epilogue;
};

} // namespace

/// The argument that holds a packed weight. A transposed one is stored as its user sees it.
static std::optional<unsigned> panelArgument(func::FuncOp kernel, Value weight) {
  if (auto transposed = weight.getDefiningOp<TransposedOp>())
    weight = transposed.getWeight();
  auto argument = dyn_cast<BlockArgument>(weight);
  if (!argument || operandLayout(kernel, argument.getArgNumber()) == Layout::RowMajor)
    return std::nullopt;
  return argument.getArgNumber();
}

static bool isF32Matrix(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getElementType().isF32() && type.hasStaticShape() && type.getNumElements() > 0;
}

/// Whether neighbours in a row of `view` are neighbours in memory.
static bool hasAdjacentColumns(const StridedView &view) {
  return view.strides.back().isConstant(1) || view.sizes.back().isConstant(1);
}

static std::optional<LinearKernel> matchLinear(func::FuncOp kernel) {
  auto linears = kernel.getOps<LinearOp>();
  if (kernel.getNumResults() != 1 || !llvm::hasSingleElement(linears))
    return std::nullopt;
  LinearOp linear = *linears.begin();
  std::optional<unsigned> weight = panelArgument(kernel, linear.getWeight());
  if (!weight || !isF32Matrix(linear.getWeight()))
    return std::nullopt;
  std::optional<StridedView> x = sourceView(kernel, linear.getX());
  std::optional<Destination> destination = destinationView(kernel, 0);
  if (!x || !destination || !hasAdjacentColumns(*x) || !hasAdjacentColumns(destination->view))
    return std::nullopt;
  if (linear.getBias() && !isa<BlockArgument>(linear.getBias()))
    return std::nullopt;
  std::optional<Elementwise> epilogue = Elementwise::match(kernel, destination->value, linear.getResult());
  if (!epilogue)
    return std::nullopt;
  return LinearKernel{linear, *weight, *x, *destination, *epilogue};
}

/// The weight of `match` as pairs of bf16; nullopt for panels of f32.
static std::optional<PairPanels> pairPanels(func::FuncOp kernel, LinearKernel &match) {
  auto type = cast<RankedTensorType>(match.linear.getWeight().getType());
  PairPanels weights{type.getDimSize(0), type.getDimSize(1), pairParts(operandLayout(kernel, match.weight))};
  return weights.parts ? std::optional(weights) : std::nullopt;
}

/// The product of the sizes, where all are known.
static std::optional<int64_t> constantRows(const StridedView &view) {
  int64_t rows = 1;
  for (const Extent &size : ArrayRef(view.sizes).drop_back()) {
    if (!size.isConstant())
      return std::nullopt;
    rows *= size.getCoefficient();
  }
  return rows;
}

/// What a product over pairs needs at the most demanding level.
static int64_t scratchBytes(const PairPanels &weights, std::optional<int64_t> rows,
                            ArrayRef<const LevelInfo *> levels) {
  int64_t bytes = 0;
  for (const LevelInfo *level : levels)
    bytes = std::max(bytes, level->hasAmx ? tileProductScratch(weights, rows)
                                          : widenedProductScratch(weights, rows, *level));
  return bytes;
}

std::optional<AffineMap> pleat::linearScratch(func::FuncOp kernel, ArrayRef<const LevelInfo *> levels) {
  std::optional<LinearKernel> match = matchLinear(kernel);
  std::optional<PairPanels> weights = match ? pairPanels(kernel, *match) : std::nullopt;
  if (!weights)
    return std::nullopt;
  unsigned sizes = llvm::count_if(kernelSlots(kernel), [](const Slot &slot) {
    return slot.kind == Slot::Size || slot.kind == Slot::Index;
  });
  int64_t bytes = scratchBytes(*weights, constantRows(match->x), levels);
  return AffineMap::get(sizes, 0, getAffineConstantExpr(bytes, kernel.getContext()));
}

bool pleat::appliesEmitLinear(func::FuncOp kernel, const LevelInfo &) {
  std::optional<LinearKernel> match = matchLinear(kernel);
  return match && (!pairPanels(kernel, *match) || kernel->hasAttr(kScratchAttrName));
}

LogicalResult pleat::emitLinear(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<LinearKernel> match = matchLinear(kernel);
  assert(match && "the family was asked first");
  KernelFrame frame(kernel, machine);
  KernelBuilder builder(match->linear.getLoc(), frame.builder(), level.lanes);
  FrameValues values(frame, builder);
  RowView x(values, builder, match->x), out(values, builder, match->destination.view);
  ElementwiseCode epilogue(match->epilogue, values, builder);

  PanelProduct product;
  auto weightType = cast<RankedTensorType>(match->linear.getWeight().getType());
  product.depth = weightType.getDimSize(0);
  product.columns = weightType.getDimSize(1);
  product.rows = x.rows(builder);
  product.a = x.memory();
  product.panels = values.memory(match->weight);
  product.panelsOffset = builder.index(0);
  product.part = frame.part();
  product.parts = frame.parts();
  product.rowOffset = [&](KernelBuilder &builder, Value row) { return x.rowOffset(builder, row); };
  Value bias;
  if (auto argument = cast_or_null<BlockArgument>(match->linear.getBias()))
    bias = values.memory(argument.getArgNumber());
  product.initial = [&](KernelBuilder &builder, Value column, Value count) {
    return bias ? builder.load(bias, column, count) : builder.splat(0);
  };
  auto outOffset = [&](KernelBuilder &builder, Value row, Value column) {
    return builder.add(out.rowOffset(builder, row), column);
  };
  product.reload = [&](KernelBuilder &builder, Value row, Value column, Value count) {
    return builder.load(out.memory(), outOffset(builder, row, column), count);
  };
  product.spill = [&](KernelBuilder &builder, Value row, Value column, int64_t count, Value sums) {
    builder.store(sums, out.memory(), outOffset(builder, row, column), count);
  };
  product.finish = [&](KernelBuilder &builder, Value row, Value column, int64_t count, Value sums) {
    VectorPosition position{row, column, builder.index(count)};
    Value result = epilogue.evaluate(builder, match->destination.value, position, sums);
    builder.store(result, out.memory(), outOffset(builder, row, column), count);
  };
  std::optional<PairPanels> weights = pairPanels(kernel, *match);
  if (!weights)
    emitPanelProduct(builder, product, level);
  else if (level.hasAmx)
    emitTileProduct(builder, product, *weights, frame.arguments()[match->weight].pointer, frame.scratch());
  else
    emitWidenedProduct(builder, product, *weights, values.scratch(), level);
  return success();
}
