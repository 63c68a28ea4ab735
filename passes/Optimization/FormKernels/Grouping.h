/// Which ops of a function run together in one kernel.
#pragma once

#include "mlir/IR/Block.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pleat {

/// One kernel to be: its ops in program order, the last being where it is launched.
struct KernelGroup {
  llvm::SmallVector<mlir::Operation *> ops;
  /// The op that gives the kernel its name and its emitter.
  mlir::Operation *anchor = nullptr;
};

/// Groups the tensor computation of `block`, in the order of their launches. Ops that are
/// cheap to repeat (slices, fills, constants) appear in every group that reads them. Views
/// of what an attention or a rotary embedding reads join its group where `hasEmitter` says
/// of the whole that its emitter can read through them.
llvm::SmallVector<KernelGroup> groupKernels(mlir::Block &block,
                                            llvm::function_ref<bool(const KernelGroup &)> hasEmitter);

/// Repeats inside the body of a repeat the cheap ops from outside that it reads.
void sinkCheapOps(mlir::Block *body);

/// Whether `op` stays outside kernels: weights, reshapes, repetition, index arithmetic.
bool staysOutside(mlir::Operation *op);

} // namespace pleat
