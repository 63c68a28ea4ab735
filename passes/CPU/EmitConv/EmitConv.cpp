/// What counts as a convolution kernel, and how its operands become planes of rows.
#include "passes/CPU/EmitConv/EmitConv.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/EmitConv/ConvProblem.h"

using namespace mlir;
using namespace pleat;

namespace {

/// A convolution kernel's parts; views have four axes.
struct ConvKernel {
  ConvOp conv;
  StridedView x, result;
  unsigned weight; ///< argument
  std::optional<unsigned> bias;
  Value root; ///< what is stored
  Elementwise epilogue;
  ConvShape shape;
  Extent resultRows; ///< before planes are taken as single rows
};

} // namespace

/// The argument that holds `value` densely, row by row.
static std::optional<unsigned> denseArgument(func::FuncOp kernel, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto type = cast<RankedTensorType>(value.getType());
  if (!argument || !type.getElementType().isF32() || !type.hasStaticShape() ||
      isStrided(kernel, argument.getArgNumber()) ||
      operandLayout(kernel, argument.getArgNumber()) != Layout::RowMajor)
    return std::nullopt;
  return argument.getArgNumber();
}

/// `view` of [image][channel][row][column] with the row added where there is one alone.
static std::optional<StridedView> imageView(StridedView view) {
  if (view.rank() == 3) {
    view.sizes.insert(view.sizes.begin() + 2, Extent(1));
    view.strides.insert(view.strides.begin() + 2, Extent(0));
  }
  bool isAdjacent = view.strides.back().isConstant(1) || view.sizes.back().isConstant(1);
  if (view.rank() != 4 || !isAdjacent)
    return std::nullopt;
  return view;
}

static std::optional<int64_t> constantOf(const Extent &extent) {
  return extent.isConstant() ? std::optional(extent.getCoefficient()) : std::nullopt;
}

/// Whether the planes of `view` are single rows to who ignores their shape.
static bool hasJoinedRows(const StridedView &view) {
  unsigned rank = view.rank();
  if (rank >= 2 && view.strides[rank - 2].isConstant(0) && view.strides[rank - 1].isConstant(0))
    return true;
  return rank >= 2 && view.strides[rank - 2] == view.strides[rank - 1] * view.sizes[rank - 1];
}

/// Takes each plane as one row where no window spans more than a pixel.
static void joinRows(ConvKernel &match) {
  ConvShape &shape = match.shape;
  bool isPointwise = shape.taps() == 1 && shape.strides[0] == 1 && shape.strides[1] == 1 &&
                     llvm::all_of(llvm::concat<int64_t>(shape.padsBefore, shape.padsAfter), [](int64_t pad) { return pad == 0; });
  if (!isPointwise || !hasJoinedRows(match.x) || !hasJoinedRows(match.result) ||
      !llvm::all_of(match.epilogue.views(), hasJoinedRows))
    return;
  for (StridedView *view : {&match.x, &match.result}) {
    view->sizes[3] = view->sizes[2] * view->sizes[3];
    view->sizes[2] = Extent(1);
    view->strides[2] = Extent(0);
  }
}

static std::array<int64_t, 2> pairOf(ArrayRef<int64_t> values, int64_t missing) {
  return values.size() == 1 ? std::array<int64_t, 2>{missing, values[0]} : std::array<int64_t, 2>{values[0], values[1]};
}

static ConvShape shapeOf(ConvOp conv) {
  ArrayRef<int64_t> weight = cast<RankedTensorType>(conv.getWeight().getType()).getShape();
  ArrayRef<int64_t> pads = conv.getPads();
  size_t spatial = conv.getStrides().size();
  ConvShape shape;
  shape.groups = conv.getGroup();
  shape.inputs = weight[1];
  shape.outputs = weight[0] / shape.groups;
  shape.kernel = pairOf(weight.drop_front(2), 1);
  shape.strides = pairOf(conv.getStrides(), 1);
  shape.dilations = pairOf(conv.getDilations(), 1);
  shape.padsBefore = pairOf(pads.take_front(spatial), 0);
  shape.padsAfter = pairOf(pads.take_back(spatial), 0);
  return shape;
}

/// Channels and window are static and present, and pads are no crops.
static bool isSupported(ConvOp conv) {
  auto x = cast<RankedTensorType>(conv.getX().getType()), weight = cast<RankedTensorType>(conv.getWeight().getType());
  return x.getElementType().isF32() && weight.hasStaticShape() && weight.getNumElements() > 0 &&
         llvm::all_of(conv.getPads(), [](int64_t pad) { return pad >= 0; });
}

static std::optional<ConvKernel> matchConv(func::FuncOp kernel) {
  auto convs = kernel.getOps<ConvOp>();
  if (kernel.getNumResults() != 1 || !llvm::hasSingleElement(convs) || !isSupported(*convs.begin()))
    return std::nullopt;
  ConvOp conv = *convs.begin();
  std::optional<unsigned> weight = denseArgument(kernel, conv.getWeight()), bias;
  if (conv.getBias()) {
    bias = denseArgument(kernel, conv.getBias());
    if (!bias)
      return std::nullopt;
  }
  std::optional<StridedView> source = sourceView(kernel, conv.getX());
  std::optional<Destination> destination = destinationView(kernel, 0);
  if (!weight || !source || !destination || destination->view.rank() != source->rank())
    return std::nullopt;
  std::optional<StridedView> x = imageView(*source), result = imageView(destination->view);
  std::optional<Elementwise> epilogue = Elementwise::match(kernel, destination->value, conv.getResult());
  if (!x || !result || !epilogue)
    return std::nullopt;
  Extent rows = result->sizes[2];
  ConvKernel match{conv, *x, *result, *weight, bias, destination->value, *epilogue, shapeOf(conv), rows};
  if (!result->sizes[1].isConstant(match.shape.groups * match.shape.outputs))
    return std::nullopt;
  joinRows(match);
  match.shape.rows = constantOf(match.result.sizes[2]);
  match.shape.columns = constantOf(match.result.sizes[3]);
  return match;
}

bool pleat::appliesEmitConv(func::FuncOp kernel, const LevelInfo &) {
  std::optional<ConvKernel> match = matchConv(kernel);
  return match && (planConv(match->shape).stripBytes == 0 || kernel->hasAttr(kScratchAttrName));
}

std::optional<AffineMap> pleat::convScratch(func::FuncOp kernel) {
  std::optional<ConvKernel> match = matchConv(kernel);
  int64_t bytes = match ? planConv(match->shape).stripBytes : 0;
  if (bytes == 0)
    return std::nullopt;
  unsigned dims = llvm::count_if(kernelSlots(kernel), [](const Slot &slot) {
    return slot.kind == Slot::Size || slot.kind == Slot::Index;
  });
  return AffineMap::get(dims, 0, getAffineConstantExpr(bytes, kernel.getContext()));
}

LogicalResult pleat::emitConv(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<ConvKernel> match = matchConv(kernel);
  assert(match && "the family was asked first");
  KernelFrame frame(kernel, machine);
  KernelBuilder builder(match->conv.getLoc(), frame.builder(), level.lanes);
  FrameValues values(frame, builder);
  ElementwiseCode epilogue(match->epilogue, values, builder);
  auto tensor = [&](const StridedView &view) {
    auto size = [&](unsigned axis) { return values.value(builder, view.sizes[axis]); };
    auto stride = [&](unsigned axis) { return values.value(builder, view.strides[axis]); };
    return ConvTensor{values.memory(view.operand), values.sum(builder, view.offset), stride(0), stride(1), stride(2),
                      size(0), size(2), size(3)};
  };
  ConvProblem problem;
  problem.shape = match->shape;
  problem.plan = planConv(match->shape);
  problem.x = tensor(match->x);
  problem.result = tensor(match->result);
  problem.weights = values.memory(match->weight);
  problem.bias = match->bias ? values.memory(*match->bias) : Value();
  problem.scratch = values.scratch();
  problem.part = frame.part();
  problem.parts = frame.parts();
  Value channels = builder.index(match->shape.groups * match->shape.outputs);
  Value rows = values.value(builder, match->resultRows);
  problem.epilogue = [&](KernelBuilder &builder, Value image, Value channel, Value row, Value column, Value count,
                         Value sum) {
    Value plane = builder.add(builder.mul(image, channels), channel);
    VectorPosition position{builder.add(builder.mul(plane, rows), row), column, count};
    return epilogue.evaluate(builder, match->root, position, sum);
  };
  emitConvLoops(builder, problem, level);
  return success();
}
