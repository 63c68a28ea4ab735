/// `--pleat-expand-math`: elementary functions as arithmetic.
#pragma once

#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/ExpandMath/ExpandMath.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/CPU/ExpandMath/ExpandMath.h.inc"

} // namespace pleat
