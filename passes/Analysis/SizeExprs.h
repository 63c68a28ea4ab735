/// Sizes of recovered IR as expressions over the model's symbolic dimensions.
///
/// In recovered IR every dynamic size is an index value computed from `tensor.dim` of
/// function arguments, whose axes are named by `pleat.dims`; an axis may also be an
/// expression of dimensions that other axes are. This analysis turns such a value, and the
/// shape of any tensor whose defining op states its sizes, into AffineExprs: symbol i is
/// dimension i of `dims()`.
#pragma once

#include "passes/Analysis/SymbolicShapes/SizeAlgebra.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include <string>

namespace pleat {

class RepeatOp;

class SizeExprs {
public:
  /// Reads the dimension names of `function`'s arguments, in order of first appearance.
  explicit SizeExprs(mlir::func::FuncOp function);

  /// Names of the symbolic dimensions; symbol i of every expression is dims()[i]. Names
  /// that `pleat.dim_equal` pairs are one dimension, under the name that comes first.
  llvm::ArrayRef<std::string> dims() const { return names; }

  /// The expression of an index value, or failure when it does not come from the
  /// function's dimensions alone.
  mlir::FailureOr<mlir::AffineExpr> of(mlir::Value index);

  /// One expression an axis of `tensor`, or failure when an axis is unknown.
  mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> shapeOf(mlir::Value tensor);

  /// Number of elements of `tensor`.
  mlir::FailureOr<mlir::AffineExpr> elementsOf(mlir::Value tensor);

  /// The symbol of the dimension `name`; failure when there is none.
  mlir::FailureOr<mlir::AffineExpr> symbol(llvm::StringRef name) const;

  /// Knows every name of a dimension, the ones that are not listed too; reads texts.
  const SizeAlgebra &algebra() const { return sizeAlgebra; }

  /// Drops what is known of values; to be called when ops have been erased, whose memory
  /// new values may take.
  void forget() {
    indices.clear();
    shapes.clear();
  }

private:
  mlir::FailureOr<mlir::AffineExpr> of(mlir::OpFoldResult index);
  mlir::FailureOr<mlir::AffineExpr> compute(mlir::Value index);
  mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> computeShape(mlir::Value tensor);
  /// Static sizes of `type`, with `dynamic` filling the others in order.
  mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> fill(mlir::Type type, mlir::ValueRange dynamic);

  /// Shape of a block argument of a repeat: what is carried keeps its shape.
  mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> shapeInRepeat(RepeatOp repeat, unsigned argument);
  mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>>
  stackShape(mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> slice, int64_t count);
  mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>>
  dropFirst(mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> stack);

  /// The name under which the dimension `name` is listed.
  llvm::StringRef listed(llvm::StringRef name) const;

  /// Visits the text of each dynamic axis of the arguments, in order.
  void forEachAxis(llvm::function_ref<void(llvm::StringRef)> visit);
  void declareDimensions();
  void pairDimensions(llvm::ArrayRef<llvm::StringRef> all);
  /// `expr` over the symbols of the algebra as one over dims().
  mlir::FailureOr<mlir::AffineExpr> overDims(mlir::AffineExpr expr) const;

  mlir::func::FuncOp function;
  mlir::MLIRContext *context;
  SizeAlgebra sizeAlgebra;
  /// Names in order of first appearance, and for each that it is paired with, that one.
  llvm::SmallVector<std::pair<std::string, std::string>> aliases;
  llvm::SmallVector<std::string> names;
  llvm::DenseMap<mlir::Value, mlir::AffineExpr> indices;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::AffineExpr>> shapes;
};

/// The value of `expr` with `dims` for its symbols; nullopt on overflow or division by
/// zero.
std::optional<int64_t> evaluateSize(mlir::AffineExpr expr, llvm::ArrayRef<int64_t> dims);

} // namespace pleat
