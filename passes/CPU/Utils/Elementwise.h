/// Elementwise computation around an anchor op, carried out on vectors in registers: what
/// is fused before a norm's rows or after a matrix product's tiles.
#pragma once

#include "passes/CPU/Utils/FrameValues.h"

#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/MapVector.h"

namespace pleat {

/// A tree of elementwise ops (pleat.activation, linalg ops with identity maps among each
/// other) whose leaves are given values, constants or views of arguments. All its tensors
/// have the same rows; reshapes that keep the last axis may stand between.
class Elementwise {
public:
  /// The computation of `roots`. Values in `given` are supplied by the emitter. Nothing if
  /// an op, a type or an access among it is beyond what this file can do.
  static std::optional<Elementwise> match(mlir::func::FuncOp kernel, mlir::ValueRange roots,
                                          mlir::ValueRange given);

  /// How many ops the tree holds.
  size_t size() const { return ops.size(); }
  /// How the tensors that are read lie under the axes of who reads them.
  llvm::SmallVector<StridedView> views() const {
    return llvm::map_to_vector(leaves, [](const auto &leaf) { return leaf.second; });
  }
  /// Whether `op` belongs to the tree.
  bool contains(mlir::Operation *op) const { return llvm::is_contained(ops, op); }

private:
  friend class ElementwiseCode;
  using Access = std::pair<mlir::Value, mlir::AffineMap>;

  bool addValue(mlir::func::FuncOp kernel, mlir::Value value);
  bool addLeaf(mlir::func::FuncOp kernel, mlir::Value value, mlir::AffineMap map,
               llvm::ArrayRef<Extent> space);
  bool addStructured(mlir::func::FuncOp kernel, mlir::Operation *op);

  llvm::SmallVector<mlir::Value> given;
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::MapVector<Access, StridedView> leaves;
};

/// Where in the iteration space a vector lies: lanes are neighbours on the last axis.
struct VectorPosition {
  mlir::Value row;    ///< the other axes as one flat number
  mlir::Value column; ///< of lane 0
  mlir::Value count;  ///< lanes that exist, may exceed the width; index
};

/// Code for one tree in one machine function.
class ElementwiseCode {
public:
  ElementwiseCode(const Elementwise &tree, const FrameValues &values, KernelBuilder &builder);

  /// The vector of `root` at `position`; `given` supplies what `match` was told, in order.
  mlir::Value evaluate(KernelBuilder &builder, mlir::Value root, const VectorPosition &position,
                       mlir::ValueRange given) const;

private:
  struct Evaluation;
  mlir::Value evaluate(Evaluation &evaluation, mlir::Value tensor, mlir::AffineMap map) const;
  mlir::Value evaluate(Evaluation &evaluation, mlir::Value tensor) const;
  mlir::Value loadLeaf(Evaluation &evaluation, const Elementwise::Access &access) const;
  mlir::Value mapBody(Evaluation &evaluation, mlir::Operation *op) const;

  const Elementwise &tree;
  llvm::DenseMap<Elementwise::Access, RowView> leaves;
};

} // namespace pleat
