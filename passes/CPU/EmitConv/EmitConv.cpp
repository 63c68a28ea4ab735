/// What counts as a convolution kernel.
#include "passes/CPU/EmitConv/EmitConv.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/EmitConv/WindowKernel.h"
#include "passes/CPU/KernelAbi/KernelAbi.h"

using namespace mlir;
using namespace pleat;

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

static ConvShape shapeOf(ConvOp conv) {
  ArrayRef<int64_t> weight = cast<RankedTensorType>(conv.getWeight().getType()).getShape();
  ArrayRef<int64_t> pads = conv.getPads();
  size_t spatial = conv.getStrides().size();
  ConvShape shape;
  shape.groups = conv.getGroup();
  shape.inputs = weight[1];
  shape.outputs = weight[0] / shape.groups;
  shape.kernel = spatialPair(weight.drop_front(2), 1);
  shape.strides = spatialPair(conv.getStrides(), 1);
  shape.dilations = spatialPair(conv.getDilations(), 1);
  shape.padsBefore = spatialPair(pads.take_front(spatial), 0);
  shape.padsAfter = spatialPair(pads.take_back(spatial), 0);
  return shape;
}

/// Channels and window are static and present, and pads are no crops.
static bool isSupported(ConvOp conv) {
  auto x = cast<RankedTensorType>(conv.getX().getType()),
       weight = cast<RankedTensorType>(conv.getWeight().getType());
  return x.getElementType().isF32() && weight.hasStaticShape() && weight.getNumElements() > 0 &&
         llvm::all_of(conv.getPads(), [](int64_t pad) { return pad >= 0; });
}

static std::optional<WindowKernel> matchConv(func::FuncOp kernel) {
  auto convs = kernel.getOps<ConvOp>();
  if (!llvm::hasSingleElement(convs) || !isSupported(*convs.begin()))
    return std::nullopt;
  ConvOp conv = *convs.begin();
  std::optional<unsigned> weight = denseArgument(kernel, conv.getWeight()), bias;
  if (conv.getBias())
    bias = denseArgument(kernel, conv.getBias());
  if (!weight || (conv.getBias() && !bias))
    return std::nullopt;
  std::optional<WindowKernel> match = matchWindowKernel(kernel, conv, conv.getX(), shapeOf(conv));
  if (match) {
    match->weight = weight;
    match->bias = bias;
  }
  return match;
}

bool pleat::appliesEmitConv(func::FuncOp kernel, const LevelInfo &) {
  return hasWindowScratch(kernel, matchConv(kernel));
}

std::optional<AffineMap> pleat::convScratch(func::FuncOp kernel) {
  return windowScratch(kernel, matchConv(kernel));
}

LogicalResult pleat::emitConv(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<WindowKernel> match = matchConv(kernel);
  assert(match && "the family was asked first");
  emitWindowKernel(kernel, machine, level, *match);
  return success();
}
