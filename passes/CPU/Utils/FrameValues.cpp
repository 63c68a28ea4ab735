/// Materialises what StridedView.h says symbolically.
#include "passes/CPU/Utils/FrameValues.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace pleat;

static Value flatMemory(KernelBuilder &builder, Value pointer) {
  auto type = MemRefType::get({ShapedType::kDynamic}, builder.getF32Type());
  // Kernels address flat memory by offset alone, so its size is never looked at.
  Value size = builder.index(0);
  return memrefFromPointer(builder, builder.getLoc(), type, pointer, size, {});
}

FrameValues::FrameValues(const KernelFrame &frame, KernelBuilder &builder) : frame(frame) {
  for (ArrayRef<KernelOperand> operands : {frame.arguments(), frame.results()})
    for (const KernelOperand &operand : operands)
      memories.push_back(operand.pointer ? flatMemory(builder, operand.pointer) : Value());
  if (frame.scratch())
    scratchMemory = flatMemory(builder, frame.scratch());
}

const KernelOperand &FrameValues::operand(unsigned position) const {
  unsigned arguments = frame.arguments().size();
  return position < arguments ? frame.arguments()[position] : frame.results()[position - arguments];
}

Value FrameValues::value(KernelBuilder &builder, const Extent &extent) const {
  Value product;
  for (const SlotSymbol &symbol : extent.getSymbols()) {
    const KernelOperand &from = operand(symbol.operand);
    Value factor = symbol.kind == SlotSymbol::Index    ? from.index
                   : symbol.kind == SlotSymbol::Stride ? from.strides[symbol.axis]
                                                       : from.sizes[symbol.axis];
    product = product ? builder.mul(product, factor) : factor;
  }
  return product ? builder.mul(product, extent.getCoefficient()) : builder.index(extent.getCoefficient());
}

Value FrameValues::sum(KernelBuilder &builder, ArrayRef<Extent> terms) const {
  Value total;
  for (const Extent &term : terms)
    total = total ? builder.add(total, value(builder, term)) : value(builder, term);
  return total ? total : builder.index(0);
}

StridedView pleat::collapseRows(const StridedView &view) {
  Extent rows(1);
  for (const Extent &size : ArrayRef(view.sizes).drop_back())
    rows = rows * size;
  std::optional<StridedView> collapsed = reshapeView(view, {rows, view.sizes.back()});
  return collapsed ? *collapsed : view;
}

RowView::RowView(const FrameValues &values, KernelBuilder &builder, const StridedView &full) {
  StridedView view = collapseRows(full);
  base = values.memory(view.operand);
  offset = values.sum(builder, view.offset);
  column = values.value(builder, view.strides.back());
  for (unsigned axis = 0; axis + 1 < view.rank(); ++axis) {
    sizes.push_back(values.value(builder, view.sizes[axis]));
    strides.push_back(values.value(builder, view.strides[axis]));
  }
}

Value RowView::rowOffset(KernelBuilder &builder, Value row) const {
  Value total = offset;
  for (size_t axis = sizes.size(); axis-- > 0;) {
    Value coordinate = axis == 0 ? row : builder.rem(row, sizes[axis]);
    total = builder.add(builder.mul(coordinate, strides[axis]), total);
    if (axis > 0)
      row = builder.div(row, sizes[axis]);
  }
  return total;
}

Value RowView::rows(KernelBuilder &builder) const {
  Value product;
  for (Value size : sizes)
    product = product ? builder.mul(product, size) : size;
  return product ? product : builder.index(1);
}
