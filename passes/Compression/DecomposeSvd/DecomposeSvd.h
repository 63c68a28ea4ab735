/// Low-rank factors for weight matrices. See DecomposeSvd.td.
#pragma once

#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Compression/DecomposeSvd/DecomposeSvd.h.inc"
} // namespace pleat
