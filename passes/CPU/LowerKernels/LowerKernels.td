#ifndef PLEAT_PASSES_CPU_LOWERKERNELS_TD
#define PLEAT_PASSES_CPU_LOWERKERNELS_TD

include "mlir/Pass/PassBase.td"

def LowerKernels : Pass<"pleat-lower-kernels", "mlir::ModuleOp"> {
  let summary = "Turn kernels into machine functions, one for each instruction set level";
  let description = [{
    Replaces each function marked `pleat.kernel` by `llvm.func @<kernel><suffix>(ptr, i64)`
    for every level in `levels`, with the suffix `_v3`, `_v4` or `_v4amx`, the level's
    `target_cpu` and `target_features`, and `pleat.kernel_name` and `pleat.level` to find
    it by. Slots are those of `pleat_kernel` in `runtime/abi/pleat_abi.h`.

    A kernel that a family with its own emitter applies to is emitted by it
    (`KernelEmitter.h`). Every other one takes the general path: pleat ops become linalg,
    results are computed in place of their destination, loops over rows keep temporaries
    small, and innermost loops run over contiguous elements. With `pleat.parallel` the
    outermost loop is split among parts, where it can be without computing anything twice;
    otherwise part 0 does the work. Temporaries of at most 4096 bytes live on the stack,
    others in the scratch that `pleat.scratch` declares, and a kernel that needs one
    without declaring scratch is an error.

    A kernel that something still refers to by its symbol is kept beside its machine
    functions.
  }];
  let options = [
    ListOption<"levels", "levels", "std::string",
               "Instruction set levels to compile for; all when empty">
  ];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::bufferization::BufferizationDialect", "mlir::cf::ControlFlowDialect",
    "mlir::func::FuncDialect", "mlir::linalg::LinalgDialect", "mlir::LLVM::LLVMDialect",
    "mlir::math::MathDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
    "mlir::tensor::TensorDialect", "mlir::vector::VectorDialect"
  ];
}

#endif // PLEAT_PASSES_CPU_LOWERKERNELS_TD
