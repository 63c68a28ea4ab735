/// How a tensor inside a kernel lies in one of the kernel's operands: views (reshape,
/// transpose, slice) become strides, so that emitters read and write through them without
/// copies. Everything here is symbolic and creates no IR, so that an emitter can decide
/// whether it applies.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace pleat {

/// A number that a kernel learns from its slots.
struct SlotSymbol {
  enum Kind { Size, Stride, Index };
  Kind kind;
  unsigned operand;  ///< position among arguments, then results
  unsigned axis = 0; ///< of Size and Stride

  bool operator==(const SlotSymbol &other) const {
    return std::tie(kind, operand, axis) == std::tie(other.kind, other.operand, other.axis);
  }
  bool operator<(const SlotSymbol &other) const {
    return std::tie(kind, operand, axis) < std::tie(other.kind, other.operand, other.axis);
  }
};

/// A product of a constant and symbols: sizes and strides.
class Extent {
public:
  Extent(int64_t constant) : coefficient(constant) {}
  Extent(SlotSymbol symbol) : coefficient(1), symbols({symbol}) {}

  bool isConstant() const { return symbols.empty(); }
  bool isConstant(int64_t value) const { return isConstant() && coefficient == value; }
  int64_t getCoefficient() const { return coefficient; }
  llvm::ArrayRef<SlotSymbol> getSymbols() const { return symbols; }

  Extent operator*(const Extent &other) const;
  bool operator==(const Extent &other) const {
    return coefficient == other.coefficient && symbols == other.symbols;
  }
  bool operator!=(const Extent &other) const { return !(*this == other); }

private:
  int64_t coefficient;
  llvm::SmallVector<SlotSymbol, 2> symbols; ///< sorted
};

/// Elements of operand `operand`: element (i, j, ...) lies at the sum of `offset`, i * strides[0],
/// j * strides[1], ... in elements.
struct StridedView {
  unsigned operand;
  llvm::SmallVector<Extent> offset; ///< terms of a sum
  llvm::SmallVector<Extent> sizes, strides;

  unsigned rank() const { return sizes.size(); }
};

/// The view of a whole tensor operand of `kernel` (see SlotSymbol::operand); nothing for
/// operands that are not stored row by row.
std::optional<StridedView> operandView(mlir::func::FuncOp kernel, unsigned operand);

/// The same elements in the same order under other sizes; nothing if that is no view.
std::optional<StridedView> reshapeView(const StridedView &view, llvm::ArrayRef<Extent> sizes);

/// Axis i of the result is axis `permutation[i]` of `view`.
StridedView permuteView(const StridedView &view, llvm::ArrayRef<int64_t> permutation);

/// An index value of `kernel` as a product of what its slots hold; nothing for others.
std::optional<Extent> extentOf(mlir::func::FuncOp kernel, mlir::Value index);

/// The sizes of a tensor computed in `kernel`.
std::optional<llvm::SmallVector<Extent>> sizesOf(mlir::func::FuncOp kernel, mlir::Value tensor);

/// How `tensor` lies in an argument of `kernel`: a block argument, or views of one.
std::optional<StridedView> sourceView(mlir::func::FuncOp kernel, mlir::Value tensor);

/// A result of a kernel: the value computed for it, and how its elements lie in the result.
struct Destination {
  mlir::Value value;
  StridedView view; ///< with the axes of `value`
};

/// Where result `result` of `kernel` is written from: the value behind the reshapes and
/// transposes before the return.
std::optional<Destination> destinationView(mlir::func::FuncOp kernel, unsigned result);

} // namespace pleat
