/// Unrolls repeats. See UnrollLayers.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Optimization/UnrollLayers/UnrollLayers.h.inc"
} // namespace pleat
