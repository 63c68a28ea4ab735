/// Gives every weight of a compiled function its place in the weights file.
#pragma once

#include "compiler/Artifact/WeightsFile.h"
#include "mlir/IR/BuiltinOps.h"

namespace pleat {

/// Adds each `pleat.weight` of `@main` to `plan`, in program order, and sets its
/// `pleat.offset`. Literals are put into `store`, which `plan` reads from. A weight without
/// a layout is row-major.
llvm::Error placeWeights(mlir::ModuleOp module, WeightStore &store, WeightsPlan &plan);

} // namespace pleat
