/// What counts as a pooling kernel.
#include "passes/CPU/EmitConv/EmitPool.h"

#include "passes/CPU/EmitConv/WindowKernel.h"
#include "passes/CPU/WindowReduction.h"

using namespace mlir;
using namespace pleat;

static ConvShape shapeOf(const WindowReduction &window) {
  ConvShape shape;
  shape.fold = window.isMax ? WindowFold::Max : WindowFold::Sum;
  shape.groups = window.channels;
  shape.inputs = shape.outputs = 1;
  shape.kernel = spatialPair(window.kernel, 1);
  shape.strides = spatialPair(window.strides, 1);
  shape.dilations = spatialPair(window.dilations, 1);
  shape.padsBefore = spatialPair(window.padsBefore, 0);
  shape.padsAfter = spatialPair(window.padsAfter, 0);
  return shape;
}

static std::optional<WindowKernel> matchPool(func::FuncOp kernel) {
  for (auto generic : kernel.getOps<linalg::GenericOp>())
    if (std::optional<WindowReduction> window = matchWindowReduction(generic))
      return matchWindowKernel(kernel, generic, window->x, shapeOf(*window));
  return std::nullopt;
}

bool pleat::appliesEmitPool(func::FuncOp kernel, const LevelInfo &) {
  return hasWindowScratch(kernel, matchPool(kernel));
}

std::optional<AffineMap> pleat::poolScratch(func::FuncOp kernel) {
  return windowScratch(kernel, matchPool(kernel));
}

LogicalResult pleat::emitPool(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<WindowKernel> match = matchPool(kernel);
  assert(match && "the family was asked first");
  emitWindowKernel(kernel, machine, level, *match);
  return success();
}
