/// Recovers activation functions that an exporter took apart. See RaiseActivations.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Conversion/RaiseActivations/RaiseActivations.h.inc"
} // namespace pleat
