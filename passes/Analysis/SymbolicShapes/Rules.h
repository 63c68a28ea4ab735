/// How the sizes of a node's results follow from its inputs: one rule for each operator,
/// grouped by family.
#pragma once

#include "passes/Analysis/SymbolicShapes/SymbolicShapes.h"

namespace pleat {

/// What a rule sees of one node, and where it leaves what it found.
class NodeShapes {
public:
  NodeShapes(SymbolicShapes &shapes, onnx::NodeOp node) : shapes(shapes), node(node) {}

  SizeAlgebra &algebra() { return shapes.algebra(); }
  mlir::AffineExpr constant(int64_t value) { return algebra().constant(value); }

  bool has(unsigned index) { return static_cast<bool>(node.input(index)); }
  /// Sizes of input `index`; the driver has seen to it that those of present inputs are known.
  Sizes sizes(unsigned index) { return *shapes.sizes(node.input(index)); }
  int64_t rank(unsigned index) { return sizes(index).size(); }
  /// Contents of input `index`; nullopt when it is absent or they are not known.
  std::optional<Sizes> contents(unsigned index);
  std::optional<llvm::SmallVector<int64_t>> constants(unsigned index);

  /// A list of integers that is attribute `name` in old opsets and input `index` in new
  /// ones; nullopt when neither is given, failure when it is not known.
  mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> intsFrom(llvm::StringRef name, unsigned index);
  /// `axis` made non-negative; failure when it is not below `rank`.
  mlir::FailureOr<int64_t> axis(int64_t axis, int64_t rank);

  void setSizes(unsigned index, Sizes sizes);
  void setContents(unsigned index, Sizes contents);
  /// Takes two sizes as equal; failure when they never are.
  mlir::LogicalResult equate(mlir::AffineExpr a, mlir::AffineExpr b);
  /// Takes `size >= least` as a fact that the run checks; failure when it never holds.
  mlir::LogicalResult requireAtLeast(mlir::AffineExpr size, int64_t least);
  /// The size that two broadcast against each other give.
  mlir::FailureOr<mlir::AffineExpr> broadcast(mlir::AffineExpr a, mlir::AffineExpr b);
  mlir::FailureOr<Sizes> broadcast(llvm::ArrayRef<mlir::AffineExpr> a, llvm::ArrayRef<mlir::AffineExpr> b);
  /// Fails with what the op expects, for the diagnostic of whoever needs the sizes.
  mlir::LogicalResult fail(const llvm::Twine &what);

  SymbolicShapes &shapes;
  onnx::NodeOp node;
  std::string reason;
};

using ShapeRule = mlir::LogicalResult (*)(NodeShapes &);
struct NamedShapeRule {
  llvm::StringLiteral type;
  ShapeRule rule;
};

/// The domain of nodes that raising passes make for pleat ops.
constexpr llvm::StringLiteral raisedDomain = "pleat";

llvm::ArrayRef<NamedShapeRule> raisedShapeRules();
llvm::ArrayRef<NamedShapeRule> elementwiseShapeRules();
llvm::ArrayRef<NamedShapeRule> arithmeticShapeRules(); ///< Shape arithmetic: contents matter.
llvm::ArrayRef<NamedShapeRule> movementShapeRules();   ///< Reshape, Transpose, Slice, ...
llvm::ArrayRef<NamedShapeRule> networkShapeRules();    ///< MatMul, Conv, norms, reductions, ...

} // namespace pleat
