/// Forms kernels from recovered IR. See FormKernels.td.
#pragma once

#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Optimization/FormKernels/FormKernels.h.inc"
} // namespace pleat
