/// Which loop of a linalg op on buffers becomes vectors.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace pleat {

/// How an operand's address moves with a loop.
enum class Movement { Fixed, Contiguous, Scattered };

/// The movement of `operand` of `op` along `loop`.
Movement movementAlong(mlir::linalg::LinalgOp op, mlir::OpOperand &operand, unsigned loop);

/// The choice for one op.
struct LoopChoice {
  enum Kind {
    None,     ///< no loop becomes vectors
    Parallel, ///< `loop` is the outputs' last axis
    Reduction ///< `loop` reduces by `combiner`
  };
  Kind kind = None;
  unsigned loop = 0;
  mlir::Operation *combiner = nullptr; ///< the op of the body that adds to the result
};

LoopChoice chooseLoop(mlir::linalg::LinalgOp op);

/// The number that `combiner` leaves unchanged, as a scalar.
mlir::Value neutralOf(mlir::OpBuilder &builder, mlir::Operation *combiner);

/// Two partial results of `combiner` as one.
mlir::Value combine(mlir::OpBuilder &builder, mlir::Operation *combiner, mlir::Value a, mlir::Value b);

} // namespace pleat
