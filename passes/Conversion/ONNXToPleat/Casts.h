/// Conversion of one element between types, as ONNX's Cast does it.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace pleat {

/// `x` as `to`. Floats are truncated towards zero, saturate at the ends of the range, and NaN
/// gives 0; whatever is not zero is true. The types are signless; the flags say how the
/// model means them.
mlir::Value castElement(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Type to, bool fromUnsigned,
                        bool toUnsigned);

} // namespace pleat
