/// `--pleat-reduce-steps`: n of N iterations of a repeat, in larger steps.
#pragma once

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/Compression/ReduceSteps/ReduceSteps.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Compression/ReduceSteps/ReduceSteps.h.inc"

} // namespace pleat
