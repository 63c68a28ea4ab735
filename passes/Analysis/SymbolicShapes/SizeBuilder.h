/// Index values for symbolic sizes, all at the start of a function.
#pragma once

#include "passes/Analysis/SymbolicShapes/SizeAlgebra.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace pleat {

/// Makes each size once: one tensor.dim for each symbol, affine.apply or arith on top of it.
/// Values dominate the whole body.
class SizeBuilder {
public:
  /// Both outlive this object. Values are put before the function's first op, in the order
  /// in which they are asked for.
  SizeBuilder(mlir::func::FuncOp function, const SizeAlgebra &algebra);

  mlir::Value value(mlir::AffineExpr size);

private:
  mlir::Value symbol(unsigned position);
  mlir::Value affine(mlir::AffineExpr size);
  mlir::Value arithmetic(mlir::AffineBinaryOpExpr size);

  mlir::func::FuncOp function;
  const SizeAlgebra &algebra;
  mlir::OpBuilder builder;
  llvm::DenseMap<mlir::AffineExpr, mlir::Value> made;
};

} // namespace pleat
