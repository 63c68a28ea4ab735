/// Bounds of index values in a machine function, over the sizes in its slots.
#pragma once

#include "passes/CPU/KernelAbi/KernelAbi.h"

namespace pleat {

/// Bounds of one value, over symbols; null where unknown.
struct SizeRange {
  mlir::AffineExpr lower, upper;
};

class SizeBounds {
public:
  /// `slots` are those of `machine`. The sizes and indices among them are the symbols, in
  /// their order, as in a kernel's kScratchAttrName.
  SizeBounds(mlir::func::FuncOp machine, llvm::ArrayRef<Slot> slots);

  unsigned symbolCount() const { return symbols; }

  /// The bounds of `value`, which is taken not to be negative: sizes and positions are not.
  SizeRange of(mlir::Value value);

private:
  SizeRange compute(mlir::Value value);
  SizeRange ofArgument(mlir::BlockArgument argument);
  SizeRange ofSlot(mlir::Operation *load);
  SizeRange ofSize(mlir::Value memref, int64_t axis);
  SizeRange ofExpr(mlir::AffineExpr expr, mlir::AffineMap map, mlir::OperandRange operands);
  SizeRange constant(int64_t value);

  mlir::func::FuncOp machine;
  llvm::SmallVector<Slot> slots;
  llvm::SmallVector<unsigned> symbolOfSlot;
  unsigned symbols = 0;
  llvm::DenseMap<mlir::Value, SizeRange> known;
};

} // namespace pleat
