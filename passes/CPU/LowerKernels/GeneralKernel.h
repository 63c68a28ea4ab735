/// The general path: any kernel of linalg, tensor and scf ops, without an emitter of its own.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

namespace pleat {

/// Adds the passes that make a kernel ready for `emitGeneralKernel`: pleat ops become
/// linalg, and elementwise chains one op. `modulePasses` runs on a module of kernels.
void addPrepareGeneralKernelPasses(mlir::OpPassManager &modulePasses);

/// Fills `machine` (see KernelEmitter) with the body of the prepared `kernel`, still on
/// tensors, reading arguments from the slots' memrefs and materializing results in theirs.
/// Says whether parts share the work; otherwise part 0 does it. Fails, and reports, where an
/// argument's layout is packed.
llvm::FailureOr<bool> emitGeneralKernel(mlir::func::FuncOp kernel, mlir::func::FuncOp machine);

/// Adds the passes that turn the tensors of machine functions into buffers: allocations stand
/// where `--pleat-place-temporaries` finds them. `modulePasses` runs on a module of machine
/// functions.
void addBufferizePasses(mlir::OpPassManager &modulePasses);

/// Adds the passes that take machine functions, filled by `emitGeneralKernel` or by a
/// family, to the LLVM dialect. `modulePasses` runs on a module of machine functions. With
/// `expandTiles`, they then run without tile registers.
void addLowerMachineFunctionPasses(mlir::OpPassManager &modulePasses, bool expandTiles);

} // namespace pleat
