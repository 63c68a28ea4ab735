/// The bridge from symbolic views to code: a kernel's operands as flat memory, and extents
/// as index values.
#pragma once

#include "passes/CPU/KernelAbi/KernelAbi.h"
#include "passes/CPU/Utils/KernelBuilder.h"
#include "passes/CPU/Utils/StridedView.h"

namespace pleat {

/// What the code of one machine function starts from. Its values are created at the end of
/// the function as it stands at construction, so they dominate what an emitter adds.
class FrameValues {
public:
  FrameValues(const KernelFrame &frame, KernelBuilder &builder);

  /// Operand `operand` (see SlotSymbol::operand) as `memref<?xf32>`.
  mlir::Value memory(unsigned operand) const { return memories[operand]; }
  /// This part's scratch as `memref<?xf32>`; null without scratch.
  mlir::Value scratch() const { return scratchMemory; }

  /// `extent` as an index, at the builder's insertion point.
  mlir::Value value(KernelBuilder &builder, const Extent &extent) const;
  /// The sum of `terms`.
  mlir::Value sum(KernelBuilder &builder, llvm::ArrayRef<Extent> terms) const;

private:
  const KernelOperand &operand(unsigned position) const;

  const KernelFrame &frame;
  llvm::SmallVector<mlir::Value> memories;
  mlir::Value scratchMemory;
};

/// A view of rows: all axes but the last are walked by one flat row number.
class RowView {
public:
  /// `view` with at least one axis.
  RowView(const FrameValues &values, KernelBuilder &builder, const StridedView &view);

  mlir::Value memory() const { return base; }
  /// The element offset at which row `row` begins.
  mlir::Value rowOffset(KernelBuilder &builder, mlir::Value row) const;
  /// The number of rows.
  mlir::Value rows(KernelBuilder &builder) const;
  /// The distance of neighbours in a row.
  mlir::Value columnStride() const { return column; }

private:
  mlir::Value base, offset, column;
  llvm::SmallVector<mlir::Value> sizes, strides; ///< of the row axes, outermost first
};

/// `view` with all axes but the last taken together where they lie as one axis in memory;
/// otherwise unchanged.
StridedView collapseRows(const StridedView &view);

} // namespace pleat
