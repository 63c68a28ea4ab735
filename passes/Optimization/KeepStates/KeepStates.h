/// Makes arguments and results states. See KeepStates.td.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

/// Attribute of the model's function: pairs of an argument's and a result's `pleat.name` that
/// are one state. `KeepStates` takes it away.
inline constexpr llvm::StringLiteral kStatePairsAttrName = "pleat.states";

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Optimization/KeepStates/KeepStates.h.inc"
} // namespace pleat
