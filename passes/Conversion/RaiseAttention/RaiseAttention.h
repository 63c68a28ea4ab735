/// Recovers attention that an exporter took apart. See RaiseAttention.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Conversion/RaiseAttention/RaiseAttention.h.inc"
} // namespace pleat
