/// `--pleat-expand-reshapes`: reshapes of dense buffers as views.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/ExpandReshapes/ExpandReshapes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/CPU/ExpandReshapes/ExpandReshapes.h.inc"

} // namespace pleat
