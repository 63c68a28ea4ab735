/// Recovers rotary position embedding that an exporter took apart. See RaiseRotary.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Conversion/RaiseRotary/RaiseRotary.h.inc"
} // namespace pleat
