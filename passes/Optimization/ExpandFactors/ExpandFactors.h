/// Linears on factored weights. See ExpandFactors.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Optimization/ExpandFactors/ExpandFactors.h.inc"
} // namespace pleat
