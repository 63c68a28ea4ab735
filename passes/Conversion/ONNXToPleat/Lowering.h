/// What the converters of ONNX nodes share: sizes of values, the linalg forms they build, and
/// the wording of their errors.
///
/// Integers are signless in the result; a value remembers that its model type was unsigned.
#pragma once

#include "dialects/ONNX/IR/ONNXDialect.h"
#include "passes/Analysis/SymbolicShapes/Rules.h"
#include "passes/Analysis/SymbolicShapes/SizeBuilder.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pleat {

/// Builds what an onnx.node becomes. One object converts one function, node by node; the
/// insertion point and location are those of the node at hand.
class Lowering : public mlir::ImplicitLocOpBuilder {
public:
  using Body = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

  Lowering(mlir::func::FuncOp function, SymbolicShapes &shapes);

  /// Moves to `node`: new ops go before it and carry its location.
  void moveTo(onnx::NodeOp node);

  SizeAlgebra &algebra() { return shapes.algebra(); }
  mlir::AffineExpr constant(int64_t value) { return algebra().constant(value); }
  /// Symbolic sizes of a value that is known, which all inputs and results of a node are.
  Sizes sizes(mlir::Value value);
  int64_t rank(mlir::Value value) { return sizes(value).size(); }
  std::optional<int64_t> constantSize(mlir::AffineExpr size) { return algebra().constantValue(size); }
  /// The signless element type of a value, and whether the model's was unsigned.
  mlir::Type elementType(mlir::Value value);
  bool isUnsigned(mlir::Value value);
  void markUnsigned(mlir::Value value) { unsignedValues.insert(value); }
  /// The tensor type of these sizes; constant ones are static.
  mlir::RankedTensorType tensorType(llvm::ArrayRef<mlir::AffineExpr> sizes, mlir::Type element);
  /// The index value of a size, at the start of the function.
  mlir::Value size(mlir::AffineExpr size) { return sizeBuilder.value(size); }
  /// A size as attribute when constant, else as value.
  mlir::OpFoldResult foldedSize(mlir::AffineExpr size);
  /// The dynamic ones of `sizes` as values, in order.
  llvm::SmallVector<mlir::Value> dynamicSizes(llvm::ArrayRef<mlir::AffineExpr> sizes);
  /// Notes the sizes of a value made here.
  mlir::Value known(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> sizes);

  mlir::Value empty(llvm::ArrayRef<mlir::AffineExpr> sizes, mlir::Type element);
  mlir::Value filled(llvm::ArrayRef<mlir::AffineExpr> sizes, mlir::Value scalar);
  /// A scalar constant of integer, bool or float type.
  mlir::Value scalar(mlir::Type type, double value);

  /// The one value that all elements of a constant tensor have; null otherwise.
  mlir::TypedAttr splat(mlir::Value value);

  /// One op over `result` sizes; each input broadcasts as in numpy. Inputs that are constants
  /// of one value become scalars in the body.
  mlir::Value elementwise(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineExpr> result,
                          mlir::Type element, Body body);
  /// linalg.generic on `init`; the body gets the inputs' elements, then init's.
  mlir::Value generic(mlir::ValueRange inputs, mlir::Value init, llvm::ArrayRef<mlir::AffineMap> maps,
                      llvm::ArrayRef<mlir::utils::IteratorType> iterators, Body body);
  /// A tensor whose element at (i, j, ...) is `body` of these index values.
  mlir::Value generate(llvm::ArrayRef<mlir::AffineExpr> sizes, mlir::Type element, Body body);

  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<mlir::AffineExpr> sizes);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  /// x[offset + i * step], steps positive.
  mlir::Value slice(mlir::Value x, llvm::ArrayRef<mlir::AffineExpr> offsets,
                    llvm::ArrayRef<mlir::AffineExpr> sizes, llvm::ArrayRef<int64_t> steps);
  /// Writes `part` into `whole` at `offsets`.
  mlir::Value insert(mlir::Value part, mlir::Value whole, llvm::ArrayRef<mlir::AffineExpr> offsets);
  /// `x` with f16 and bf16 as f32, in which a node keeps what it computes on the way.
  mlir::Value widened(mlir::Value x);
  /// `x` with elements of float type `element`, rounded where that is narrower.
  mlir::Value rounded(mlir::Value x, mlir::Type element);
  /// `x` broadcast to `sizes`; `x` itself when it has them.
  mlir::Value broadcastTo(mlir::Value x, llvm::ArrayRef<mlir::AffineExpr> sizes);

  /// Whether a value's bytes are fixed at compile time: a weight expression or a constant.
  static bool isWeight(mlir::Value value);

  /// Sizes of result `index` of the node at hand.
  Sizes resultSizes(unsigned index = 0) { return sizes(node.getResult(index)); }
  mlir::Type resultElement(unsigned index = 0) { return elementType(node.getResult(index)); }
  /// Gives result `index` of the node at hand its value.
  mlir::LogicalResult give(mlir::Value value, unsigned index = 0);
  /// Reports, at the node at hand, why it is not converted.
  mlir::LogicalResult fail(const llvm::Twine &what);

  SymbolicShapes &shapes;
  onnx::NodeOp node;

private:
  SizeBuilder sizeBuilder;
  llvm::DenseSet<mlir::Value> unsignedValues;
};

/// Reports an error at `node` in the form of all messages about ONNX nodes.
mlir::InFlightDiagnostic emitNodeError(onnx::NodeOp node);

} // namespace pleat
