/// Short forms for linalg on tensors, for patterns that write formulas.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace pleat {

/// One tensor read by a formula: its value and, for each of its axes, the index expression.
struct Read {
  mlir::Value tensor;
  llvm::SmallVector<mlir::AffineExpr> indices;
};

/// Lays linalg.generic ops at the builder's insertion point.
class TensorFormulas {
public:
  /// Gives the next value of an element from the elements read and, last, the value so far.
  /// Floats reach it in the widest type of them all, and its result is rounded to the tensor's.
  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  TensorFormulas(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  /// The loop variables 0 .. count - 1.
  llvm::SmallVector<mlir::AffineExpr> loops(unsigned count);

  /// The sizes of `tensor`: constants where static.
  llvm::SmallVector<mlir::OpFoldResult> sizes(mlir::Value tensor);

  /// result[l0, l1, ...] = body(reads), one loop an axis of the result.
  mlir::Value map(llvm::ArrayRef<Read> reads, llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element,
                  Body body);

  /// result[l0, ..., l(n-1)] = body over the loops from n on, starting from `init` (n = its
  /// rank). There are `loopCount` loops; those of the result come first.
  mlir::Value reduce(llvm::ArrayRef<Read> reads, mlir::Value init, unsigned loopCount, Body body);

  /// A tensor of these sizes, every element `value`.
  mlir::Value filled(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element, double value);

  /// The type in which a formula over elements of type `element` keeps what it computes on
  /// the way: f32 for f16 and bf16.
  static mlir::Type computeType(mlir::Type element);

  /// A constant of float type `element`.
  static mlir::Value constant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element, double value);

  /// `size` as a number of float type `element`.
  mlir::Value number(mlir::OpFoldResult size, mlir::Type element);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace pleat
