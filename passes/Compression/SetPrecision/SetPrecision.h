/// `--pleat-set-precision`: how precisely selected weights are stored.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Compression/SetPrecision/SetPrecision.h.inc"
} // namespace pleat
