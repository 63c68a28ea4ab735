/// Recovers normalisations that an exporter took apart. See RaiseNorms.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Conversion/RaiseNorms/RaiseNorms.h.inc"
} // namespace pleat
