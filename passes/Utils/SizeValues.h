/// Index values for size expressions: the other direction of SizeExprs.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"

namespace pleat {

/// Makes index values at the start of a function, one for each distinct expression.
class SizeValues {
public:
  /// `dims` names the symbols, as SizeExprs::dims() does.
  SizeValues(mlir::func::FuncOp function, llvm::ArrayRef<std::string> dims);

  /// The index value of `expr`; made on first use. Symbols are `tensor.dim` of the first
  /// argument axis of that name.
  mlir::Value get(mlir::AffineExpr expr);

private:
  mlir::Value symbol(unsigned position);
  /// Values are made one after another from the function's start, whatever else is
  /// inserted or erased there meanwhile.
  void moveBuilder();
  mlir::Value keep(mlir::Value value);

  mlir::func::FuncOp function;
  llvm::SmallVector<std::string> names;
  mlir::OpBuilder builder;
  mlir::Operation *last = nullptr;
  llvm::DenseMap<mlir::AffineExpr, mlir::Value> made;
};

} // namespace pleat
