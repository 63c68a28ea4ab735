/// Views of operands decide whether rows can be walked; a window of one pixel sees no rows.
#include "passes/CPU/EmitConv/WindowKernel.h"

#include "passes/CPU/EmitConv/ConvProblem.h"

using namespace mlir;
using namespace pleat;

std::array<int64_t, 2> pleat::spatialPair(ArrayRef<int64_t> values, int64_t missing) {
  return {values.size() == 1 ? missing : values[0], values.back()};
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
  if (rank < 2)
    return false;
  const Extent &row = view.strides[rank - 2], &column = view.strides[rank - 1];
  return (row.isConstant(0) && column.isConstant(0)) || row == column * view.sizes[rank - 1];
}

/// Takes each plane as one row where no window spans more than a pixel.
static void joinRows(WindowKernel &match) {
  const ConvShape &shape = match.shape;
  bool isPadded = shape.padsBefore[0] || shape.padsBefore[1] || shape.padsAfter[0] || shape.padsAfter[1];
  if (shape.taps() != 1 || shape.strides[0] != 1 || shape.strides[1] != 1 || isPadded ||
      !hasJoinedRows(match.x) || !hasJoinedRows(match.result) ||
      !llvm::all_of(match.epilogue.views(), hasJoinedRows))
    return;
  for (StridedView *view : {&match.x, &match.result}) {
    view->sizes[3] = view->sizes[2] * view->sizes[3];
    view->sizes[2] = Extent(1);
    view->strides[2] = Extent(0);
  }
}

std::optional<WindowKernel> pleat::matchWindowKernel(func::FuncOp kernel, Operation *anchor, Value x,
                                                     const ConvShape &shape) {
  std::optional<StridedView> source = sourceView(kernel, x);
  std::optional<Destination> destination = destinationView(kernel, 0);
  if (kernel.getNumResults() != 1 || !source || !destination || destination->view.rank() != source->rank())
    return std::nullopt;
  std::optional<StridedView> from = imageView(*source), to = imageView(destination->view);
  std::optional<Elementwise> epilogue = Elementwise::match(kernel, destination->value, anchor->getResult(0));
  if (!from || !to || !epilogue || !to->sizes[1].isConstant(shape.groups * shape.outputs))
    return std::nullopt;
  WindowKernel match{anchor, shape, *from, *to, {}, {}, destination->value, *epilogue, to->sizes[2]};
  joinRows(match);
  match.shape.rows = constantOf(match.result.sizes[2]);
  match.shape.columns = constantOf(match.result.sizes[3]);
  return match;
}

std::optional<AffineMap> pleat::windowScratch(func::FuncOp kernel, const std::optional<WindowKernel> &match) {
  int64_t bytes = match ? planConv(match->shape).stripBytes : 0;
  if (bytes == 0)
    return std::nullopt;
  unsigned dims = llvm::count_if(kernelSlots(kernel), [](const Slot &slot) {
    return slot.kind == Slot::Size || slot.kind == Slot::Index;
  });
  return AffineMap::get(dims, 0, getAffineConstantExpr(bytes, kernel.getContext()));
}

bool pleat::hasWindowScratch(func::FuncOp kernel, const std::optional<WindowKernel> &match) {
  return match && (planConv(match->shape).stripBytes == 0 || kernel->hasAttr(kScratchAttrName));
}

void pleat::emitWindowKernel(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level,
                             const WindowKernel &match) {
  KernelFrame frame(kernel, machine);
  KernelBuilder builder(match.anchor->getLoc(), frame.builder(), level.lanes);
  FrameValues values(frame, builder);
  ElementwiseCode epilogue(match.epilogue, values, builder);
  auto tensor = [&](const StridedView &view) {
    auto size = [&](unsigned axis) { return values.value(builder, view.sizes[axis]); };
    auto stride = [&](unsigned axis) { return values.value(builder, view.strides[axis]); };
    return ConvTensor{values.memory(view.operand),
                      values.sum(builder, view.offset),
                      stride(0),
                      stride(1),
                      stride(2),
                      size(0),
                      size(2),
                      size(3)};
  };
  ConvProblem problem;
  problem.shape = match.shape;
  problem.plan = planConv(match.shape);
  problem.x = tensor(match.x);
  problem.result = tensor(match.result);
  problem.weights = match.weight ? values.memory(*match.weight) : Value();
  problem.bias = match.bias ? values.memory(*match.bias) : Value();
  problem.scratch = values.scratch();
  problem.part = frame.part();
  problem.parts = frame.parts();
  Value channels = builder.index(match.shape.groups * match.shape.outputs);
  Value rows = values.value(builder, match.resultRows);
  problem.epilogue = [&](KernelBuilder &builder, Value image, Value channel, Value row, Value column,
                         Value count, Value sum) {
    Value plane = builder.add(builder.mul(image, channels), channel);
    VectorPosition position{builder.add(builder.mul(plane, rows), row), column, count};
    return epilogue.evaluate(builder, match.root, position, sum);
  };
  emitConvLoops(builder, problem, level);
}
