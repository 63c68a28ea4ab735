/// `--pleat-emit-loops`: linalg on buffers to loops of native vectors.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/EmitLoops/EmitLoops.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/CPU/EmitLoops/EmitLoops.h.inc"

} // namespace pleat
