/// Computing in f32 on elements that are stored in 16 bits.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace pleat {

/// Makes f16 and bf16 in the body of `op` f32, its arguments too: operands are to be widened
/// where they are read and narrowed where they are stored. What the body rounds by a cast it
/// still rounds. `op` is no valid IR afterwards, so that it has to be emitted and erased.
void widenBody(mlir::linalg::LinalgOp op);

/// `value` as `element`, a float of another width or its own type; a vector stays one.
mlir::Value convertFloat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Type element);

} // namespace pleat
