/// Converts onnx nodes to pleat, linalg and tensor ops. See ONNXToPleat.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Conversion/ONNXToPleat/ONNXToPleat.h.inc"
} // namespace pleat
