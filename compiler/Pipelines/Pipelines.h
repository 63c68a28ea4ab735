/// The order of passes, stage by stage. Defaults live in the passes.
#pragma once

#include "mlir/Pass/PassManager.h"
#include <string>

namespace pleat {

/// onnx to pleat and linalg: what exporters lost is found again.
void addRecoverPasses(mlir::OpPassManager &passes);

/// Pairs of inputs and outputs that the function lists become states.
void addStatePasses(mlir::OpPassManager &passes);

/// Layers of the recovered function become one repeat.
void addRollPasses(mlir::OpPassManager &passes);

/// Recovered IR to kernels: what is fused, how weights are stored. `precision` is that of
/// weights no recipe names; `levels` names the instruction set levels, all when empty, and
/// `tileProducts` says whether one has tile registers.
void addKernelPasses(mlir::OpPassManager &passes, llvm::StringRef precision = "f32", bool tileProducts = true,
                     llvm::ArrayRef<std::string> levels = {});

/// Kernels to kernels that declare the memory they need at the levels that `levels` names. It
/// fails for kernels that have no plan.
void addScratchPasses(mlir::OpPassManager &passes, llvm::ArrayRef<std::string> levels);

/// Kernels, with every weight placed in the file, to the LLVM dialect. `levels` names the
/// instruction set levels.
void addCodegenPasses(mlir::OpPassManager &passes, llvm::ArrayRef<std::string> levels);

/// Registers --pleat-pipeline-recover, -kernels and -codegen for pleat-opt.
void registerPipelines();

} // namespace pleat
