/// Symbolic sizes of every tensor of an onnx function, and contents of the small integer
/// tensors that shape arithmetic is made of. Nothing is changed.
///
/// Sizes come from the ops' definitions, not from the types that a model file claims for its
/// intermediate values: exporters write traced sizes there.
#pragma once

#include "dialects/ONNX/IR/ONNXDialect.h"
#include "passes/Analysis/SymbolicShapes/SizeAlgebra.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace pleat {

using Sizes = llvm::SmallVector<mlir::AffineExpr>;

class SymbolicShapes {
public:
  /// Contents are kept up to this many elements.
  static constexpr int64_t maxContents = 64;

  /// Looks at every node of `function`'s body in order. Never fails: what stays unknown has
  /// no sizes, and `reason` says why.
  explicit SymbolicShapes(mlir::func::FuncOp function);

  SizeAlgebra &algebra() { return sizeAlgebra; }

  /// The sizes of `value` in canonical form; nullopt when they are not known.
  std::optional<Sizes> sizes(mlir::Value value) const;
  /// The elements of an integer or bool tensor in row-major order; nullopt when not known.
  std::optional<Sizes> contents(mlir::Value value) const;
  /// The contents when all are constants.
  std::optional<llvm::SmallVector<int64_t>> constants(mlir::Value value) const;
  /// The type of `value` with every size that is constant made static; null when sizes are
  /// unknown.
  mlir::RankedTensorType type(mlir::Value value) const;
  /// Why the node's result sizes are unknown; empty when they are known, or unknown only
  /// because an input's are.
  llvm::StringRef reason(mlir::Operation *node) const;

  /// The name of an argument's axis that the model leaves unnamed.
  static std::string unnamedDim(unsigned argument, unsigned axis);

  /// Lets `to` be known as what `from` is: for rewrites that replace values.
  void transfer(mlir::Value from, mlir::Value to);
  void setSizes(mlir::Value value, Sizes known) { sizeOf[value] = std::move(known); }
  void setContents(mlir::Value value, Sizes known) { contentsOf[value] = std::move(known); }

private:
  void declareArguments(mlir::func::FuncOp function);
  void checkResults(mlir::func::FuncOp function);
  void visitNode(onnx::NodeOp node);
  void visitConstant(mlir::Operation *op);

  SizeAlgebra sizeAlgebra;
  llvm::DenseMap<mlir::Value, Sizes> sizeOf, contentsOf;
  llvm::DenseMap<mlir::Operation *, std::string> reasons;
};

} // namespace pleat
