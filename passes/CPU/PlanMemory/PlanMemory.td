#ifndef PLEAT_PASSES_CPU_PLANMEMORY_TD
#define PLEAT_PASSES_CPU_PLANMEMORY_TD

include "mlir/Pass/PassBase.td"

def PlanMemory : Pass<"pleat-plan-memory", "mlir::ModuleOp"> {
  let summary = "Give every value a place and turn main into the run function";
  let description = [{
    Assigns arena slots to the results of launches by liveness, and replaces `@main` by
    functions over the frame of runtime/abi/pleat_abi.h: `@pleat_run`, which fills each
    kernel's slots and calls it through the level's table; `@pleat_arena_bytes`; and
    `@pleat_eval_sizes` for the expressions of the module attribute `pleat.size_exprs`.
    Returned values are computed into the host's buffers; reshapes cost nothing. A
    `pleat.weight` must carry its place in the weights file as `pleat.offset` (bytes). The
    module attribute `pleat.kernels` lists the kernel table's order.

    Arena slots are sized by the largest of the values that share them, as an expression of
    the model's dimensions, so that one plan serves every size.

    **Before**
    ```mlir
    func.func @main(%x: tensor<4xf32> {pleat.name = "x", pleat.dims = [4]})
        -> (tensor<4xf32> {pleat.name = "y", pleat.dims = [4]}) {
      %y = pleat.launch @double(%x) : (tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    func.func private @double(%x: tensor<4xf32>) -> tensor<4xf32> attributes {pleat.kernel} {
      %y = arith.addf %x, %x : tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```
    **After**
    ```mlir
    module attributes {pleat.kernels = [@double]} {
      func.func @pleat_run(%frame: !llvm.ptr) {
        %c1_i32 = arith.constant 1 : i32
        %slots = llvm.alloca %c1_i32 x !llvm.array<3 x i64> {alignment = 64 : i64} : (i32) -> !llvm.ptr
        %inputs = llvm.load %frame : !llvm.ptr -> !llvm.ptr
        %0 = llvm.getelementptr %frame[8] : (!llvm.ptr) -> !llvm.ptr, i8
        %outputs = llvm.load %0 : !llvm.ptr -> !llvm.ptr
        %1 = llvm.getelementptr %frame[40] : (!llvm.ptr) -> !llvm.ptr, i8
        %kernels = llvm.load %1 : !llvm.ptr -> !llvm.ptr
        return
      }
      func.func private @double(%x: tensor<4xf32>) -> tensor<4xf32> attributes {pleat.kernel} {
        %y = arith.addf %x, %x : tensor<4xf32>
        return %y : tensor<4xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::func::FuncDialect",
                           "mlir::scf::SCFDialect"];
}

#endif // PLEAT_PASSES_CPU_PLANMEMORY_TD
