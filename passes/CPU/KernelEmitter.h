/// The interface between `--pleat-lower-kernels` and the families of kernels that emit
/// their own machine code instead of taking the general path.
#pragma once

#include "passes/CPU/IsaLevel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace pleat {

/// Fills the body of `machine` with what `kernel` computes.
///
/// `kernel` is the function marked `pleat.kernel`, tensors in and out; it is read, never
/// changed. `machine` is `func.func @<kernel><suffix>(%slots: !llvm.ptr, %part: i64)`
/// whose one block holds the return; `KernelFrame` (KernelAbi.h) reads the slots. The body
/// may use arith, math, vector, memref, scf, cf, affine, amx, x86vector and llvm ops, and
/// no tensors. Work is divided by (part, parts); parts write disjoint elements.
///
/// Failure means the kernel cannot be compiled, and has been reported at an op of `kernel`.
using KernelEmitter = llvm::LogicalResult (*)(mlir::func::FuncOp kernel, mlir::func::FuncOp machine,
                                              const LevelInfo &level);

/// A family of kernels with its own emitter.
struct KernelFamily {
  llvm::StringLiteral name;
  /// Whether this family compiles `kernel` at `level`. Must not report.
  bool (*applies)(mlir::func::FuncOp kernel, const LevelInfo &level);
  KernelEmitter emit;
};

/// Every family, in the order in which they are asked. A kernel that none applies to takes
/// the general path. A new family is one line in KernelFamilies.cpp.
llvm::ArrayRef<KernelFamily> kernelFamilies();

/// The family that compiles `kernel` at `level`, or null for the general path.
const KernelFamily *findFamily(mlir::func::FuncOp kernel, const LevelInfo &level);

} // namespace pleat
