/// Comparison of elements of any type by one integer order.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace pleat {

/// A signed integer that is greater the earlier `x` comes: greatest elements first, or least
/// ones. NaN counts as greater than every number; -0 and 0 are equal.
mlir::Value orderKey(mlir::ImplicitLocOpBuilder &b, mlir::Value x, bool greatestFirst, bool isUnsigned);

} // namespace pleat
