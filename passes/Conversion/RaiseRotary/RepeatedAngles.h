/// Cosines and sines that an exporter wrote down twice, once for each of a pair.
#pragma once

#include "passes/Analysis/SymbolicShapes/SymbolicShapes.h"

#include "llvm/ADT/DenseMap.h"

namespace pleat {

/// Finds what was repeated, and makes the nodes that compute it without the repetition.
class RepeatedAngles {
public:
  explicit RepeatedAngles(SymbolicShapes &shapes) : shapes(shapes) {}

  /// `angles` with each pair of its last axis as one element; null when the two are not
  /// proven equal. Nodes are made where `angles` is defined, once for each of its readers.
  mlir::Value halve(mlir::Value angles, bool interleaved);

private:
  /// The tensor whose elements `angles` repeats; null where it shows no repetition itself.
  mlir::Value repeated(mlir::Value angles, bool interleaved);
  mlir::Value halveThrough(onnx::NodeOp node, bool interleaved);
  mlir::Value halveConstant(mlir::Value angles, mlir::Value table, bool interleaved);
  mlir::Value rebuilt(onnx::NodeOp node, unsigned operand, mlir::Value half);

  SymbolicShapes &shapes;
  llvm::DenseMap<std::pair<mlir::Value, int>, mlir::Value> known;
};

} // namespace pleat
