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
    small, and innermost loops run over contiguous elements. With `pleat.parallel` one
    loop is split among parts, of those that can be without computing anything twice: of
    known sizes the best shared one, and where sizes are dynamic the run chooses, so that a
    batch of one is no obstacle. Without such a loop part 0 does the work. Temporaries of at
    most 4096 bytes live on the stack, others in the scratch that `pleat.scratch` declares
    (`--pleat-plan-scratch` adds it), and a kernel that needs one without declaring scratch is
    an error.

    A kernel that something still refers to by its symbol is kept beside its machine
    functions.

    **Before** `--pleat-lower-kernels=levels=x86-64-v3`
    ```mlir
    func.func private @negate(%x: tensor<f32>) -> tensor<f32> attributes {pleat.kernel} {
      %empty = tensor.empty() : tensor<f32>
      %y = linalg.negf ins(%x : tensor<f32>) outs(%empty : tensor<f32>) -> tensor<f32>
      return %y : tensor<f32>
    }
    ```
    **After**
    ```mlir
    llvm.func @negate_v3(%arg0: !llvm.ptr, %arg1: i64) attributes {no_unwind, pleat.kernel_name = "negate", pleat.level = "x86-64-v3", prefer_vector_width = "256", target_cpu = "x86-64-v3"} {
      %0 = llvm.mlir.constant(0 : index) : i64
      %1 = llvm.getelementptr %arg0[1] : (!llvm.ptr) -> !llvm.ptr, i64
      %2 = llvm.load %1 : !llvm.ptr -> !llvm.ptr
      %3 = llvm.getelementptr %arg0[2] : (!llvm.ptr) -> !llvm.ptr, i64
      %4 = llvm.load %3 : !llvm.ptr -> !llvm.ptr
      %5 = llvm.icmp "eq" %arg1, %0 : i64
      llvm.cond_br %5, ^bb1, ^bb2
    ^bb1:  // pred: ^bb0
      %6 = llvm.load %2 : !llvm.ptr -> f32
      %7 = llvm.fneg %6 : f32
      llvm.store %7, %4 : f32, !llvm.ptr
      llvm.br ^bb2
    ^bb2:  // 2 preds: ^bb0, ^bb1
      llvm.return
    }
    ```

    **Before** `--pleat-lower-kernels=levels=x86-64-v3`
    ```mlir
    func.func private @negate(%x: tensor<8xf32>) -> tensor<8xf32> attributes {pleat.kernel} {
      %e = tensor.empty() : tensor<8xf32>
      %y = linalg.negf ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
    ```
    **After**
    ```mlir
    llvm.func @negate_v3(%arg0: !llvm.ptr, %arg1: i64) attributes {no_unwind, pleat.kernel_name = "negate", pleat.level = "x86-64-v3", prefer_vector_width = "256", target_cpu = "x86-64-v3"} {
      %0 = llvm.mlir.constant(0 : index) : i64
      %1 = llvm.getelementptr %arg0[1] : (!llvm.ptr) -> !llvm.ptr, i64
      %2 = llvm.load %1 : !llvm.ptr -> !llvm.ptr
      %3 = llvm.getelementptr %arg0[2] : (!llvm.ptr) -> !llvm.ptr, i64
      %4 = llvm.load %3 : !llvm.ptr -> !llvm.ptr
      %5 = llvm.icmp "eq" %arg1, %0 : i64
      llvm.cond_br %5, ^bb1, ^bb2
    ^bb1:  // pred: ^bb0
      %6 = llvm.load %2 {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
      %7 = llvm.fneg %6 : vector<8xf32>
      llvm.store %7, %4 {alignment = 4 : i64} : vector<8xf32>, !llvm.ptr
      llvm.br ^bb2
    ^bb2:  // 2 preds: ^bb0, ^bb1
      llvm.return
    }
    ```
  }];
  let options = [
    ListOption<"levels", "levels", "std::string",
               "Instruction set levels to compile for; all when empty">,
    Option<"expandTiles", "expand-tiles", "bool", "false",
           "Compute without tile registers what the code of a level with AMX does; for tests">
  ];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::amx::AMXDialect", "mlir::arith::ArithDialect",
    "mlir::bufferization::BufferizationDialect", "mlir::cf::ControlFlowDialect",
    "mlir::func::FuncDialect", "mlir::linalg::LinalgDialect", "mlir::LLVM::LLVMDialect",
    "mlir::math::MathDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
    "mlir::tensor::TensorDialect", "mlir::vector::VectorDialect"
  ];
}

#endif // PLEAT_PASSES_CPU_LOWERKERNELS_TD
