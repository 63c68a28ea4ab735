/// `--pleat-lower-kernels`: kernels to machine functions in the LLVM dialect.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/LowerKernels/LowerKernels.h.inc"

/// Attribute of a machine function: the name of the kernel it computes.
inline constexpr llvm::StringLiteral kKernelNameAttrName = "pleat.kernel_name";

#define GEN_PASS_REGISTRATION
#include "passes/CPU/LowerKernels/LowerKernels.h.inc"

} // namespace pleat
