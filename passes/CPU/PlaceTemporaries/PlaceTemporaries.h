/// `--pleat-place-temporaries`: no allocation is left in a machine function.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h.inc"

} // namespace pleat
