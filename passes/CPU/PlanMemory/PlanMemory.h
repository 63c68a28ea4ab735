/// Plans the arena and writes the run function. See PlanMemory.td.
#pragma once

#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/CPU/PlanMemory/PlanMemory.h.inc"
} // namespace pleat
