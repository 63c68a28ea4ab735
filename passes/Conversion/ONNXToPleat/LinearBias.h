/// Additions that are the bias of the product before them.
#pragma once

#include "passes/Conversion/ONNXToPleat/Lowering.h"

namespace pleat {

/// For an Add at hand of a pleat.linear or pleat.conv without bias, read by nobody else, and
/// a constant of one value a column or channel: the op with that bias. Null otherwise.
mlir::Value absorbBias(Lowering &lowering);

/// A constant matrix as a weight, so that layouts and compression see it; others unchanged.
mlir::Value asWeight(Lowering &lowering, mlir::Value value);

} // namespace pleat
