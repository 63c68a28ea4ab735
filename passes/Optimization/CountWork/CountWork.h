/// `--pleat-count-work`: what one run computes and reads, as a formula of the dimensions.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

/// Function attribute: an affine map from the dimensions to operations and bytes read.
inline constexpr llvm::StringLiteral kWorkAttrName = "pleat.work";

#define GEN_PASS_DECL
#include "passes/Optimization/CountWork/CountWork.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Optimization/CountWork/CountWork.h.inc"

} // namespace pleat
