/// The body of a linalg op at one point of its nest, for one element or a vector of them.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include "llvm/ADT/DenseMap.h"

namespace pleat {

/// Lays the body of `op`, with the loop `vectorLoop` taken `width` elements at a time.
///
/// Values that do not depend on the vectorised loop stay scalars; the others are vectors of
/// `width` elements. With width 1 everything is a scalar.
class LaneBody {
public:
  LaneBody(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op, unsigned vectorLoop, int64_t width)
      : builder(builder), op(op), vectorLoop(vectorLoop), width(width) {}

  /// What output `index` holds at `ivs`, as an accumulator of this width.
  mlir::Value loadOutput(unsigned index, mlir::ValueRange ivs);
  void storeOutput(unsigned index, mlir::ValueRange ivs, mlir::Value value);

  /// The values the body yields at `ivs` (one index a loop; the vectorised one's is its first
  /// element's), given what the outputs hold so far. `uniformOutputs`: the outputs do not
  /// depend on the vectorised loop, as in a reduction along it.
  llvm::SmallVector<mlir::Value> run(mlir::ValueRange ivs, mlir::ValueRange outputs);

  /// `value` as a vector of this width.
  mlir::Value spread(mlir::Value value);

private:
  struct Lanes {
    mlir::Value value;    ///< scalar, or vector of `width`
    mlir::Value sequence; ///< when the lanes are sequence + 0, 1, 2, ...: this first one
  };

  Lanes map(mlir::Value value);
  mlir::Value asVector(Lanes lanes);
  Lanes loadOperand(mlir::OpOperand &operand, mlir::ValueRange ivs);
  mlir::Value loadStored(mlir::OpOperand &operand, mlir::ValueRange ivs);
  mlir::Value loadElement(mlir::Value memref, mlir::ValueRange indices);
  mlir::Value loadVector(mlir::Value memref, mlir::ValueRange indices);
  /// A vector of these elements, one a lane.
  mlir::Value join(llvm::SmallVector<mlir::Value> elements);
  Lanes indexOf(unsigned loop, mlir::ValueRange ivs);
  void visit(mlir::Operation &inner, mlir::ValueRange ivs);
  void visitLoad(mlir::Operation &inner);
  void visitLaneByLane(mlir::Operation &inner);
  bool isUniform(mlir::Operation &inner);
  llvm::SmallVector<mlir::Value> indicesAt(mlir::OpOperand &operand, mlir::ValueRange ivs);

  mlir::OpBuilder &builder;
  mlir::linalg::LinalgOp op;
  unsigned vectorLoop;
  int64_t width;
  llvm::DenseMap<mlir::Value, Lanes> lanes;
};

/// Whether LaneBody can lay the body of `op` at a width above 1.
bool hasLaneBody(mlir::linalg::LinalgOp op);

} // namespace pleat
