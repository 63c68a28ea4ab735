/// `--pleat-place-temporaries`: no allocation is left in a machine function.
#pragma once

#include "passes/CPU/KernelAbi/KernelAbi.h"

#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h.inc"

/// The scratch that the buffers of `machine`, a machine function with these slots, need
/// beside the stack: the largest of the results, over the sizes and indices among the slots
/// as kScratchAttrName has them; null where none is needed. Fails, and reports, where the
/// size of a buffer does not follow from those.
mlir::FailureOr<mlir::AffineMap> temporaryBytes(mlir::func::FuncOp machine, llvm::ArrayRef<Slot> slots);

#define GEN_PASS_REGISTRATION
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h.inc"

} // namespace pleat
