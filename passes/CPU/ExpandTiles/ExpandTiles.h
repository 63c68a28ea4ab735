/// Computes what tile registers would, without them. See ExpandTiles.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/CPU/ExpandTiles/ExpandTiles.h.inc"
} // namespace pleat
