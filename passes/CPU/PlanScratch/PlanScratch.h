/// `--pleat-plan-scratch`: kernels of the general path declare their temporaries.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/PlanScratch/PlanScratch.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/CPU/PlanScratch/PlanScratch.h.inc"

} // namespace pleat
