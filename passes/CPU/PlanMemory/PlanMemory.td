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
    module attribute `pleat.kernels` lists the kernel table's order, `pleat.arena` the
    arena's slots: one map each, whose largest result, rounded up to 64, is its size.

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
    module attributes {pleat.arena = [], pleat.kernels = [@double]} {
      func.func private @double(%arg0: tensor<4xf32>) -> tensor<4xf32> attributes {pleat.kernel} {
        %0 = arith.addf %arg0, %arg0 : tensor<4xf32>
        return %0 : tensor<4xf32>
      }
      func.func @pleat_run(%arg0: !llvm.ptr) {
        %0 = llvm.getelementptr %arg0[32] : (!llvm.ptr) -> !llvm.ptr, i8
        %1 = llvm.load %0 : !llvm.ptr -> !llvm.ptr
        %c1_i32 = arith.constant 1 : i32
        %2 = llvm.alloca %c1_i32 x !llvm.array<3 x i64> {alignment = 64 : i64} : (i32) -> !llvm.ptr
        %3 = llvm.load %arg0 : !llvm.ptr -> !llvm.ptr
        %4 = llvm.getelementptr %arg0[8] : (!llvm.ptr) -> !llvm.ptr, i8
        %5 = llvm.load %4 : !llvm.ptr -> !llvm.ptr
        %6 = llvm.getelementptr %arg0[16] : (!llvm.ptr) -> !llvm.ptr, i8
        %7 = llvm.load %6 : !llvm.ptr -> !llvm.ptr
        %8 = llvm.getelementptr %arg0[24] : (!llvm.ptr) -> !llvm.ptr, i8
        %9 = llvm.load %8 : !llvm.ptr -> !llvm.ptr
        %10 = llvm.getelementptr %arg0[40] : (!llvm.ptr) -> !llvm.ptr, i8
        %11 = llvm.load %10 : !llvm.ptr -> !llvm.ptr
        %c0_i64 = arith.constant 0 : i64
        %12 = llvm.load %3 : !llvm.ptr -> !llvm.ptr
        %13 = llvm.getelementptr %2[1] : (!llvm.ptr) -> !llvm.ptr, i64
        %14 = llvm.load %5 : !llvm.ptr -> !llvm.ptr
        %15 = llvm.getelementptr %2[2] : (!llvm.ptr) -> !llvm.ptr, i64
        %16 = llvm.load %11 : !llvm.ptr -> !llvm.ptr
        %c1_i64 = arith.constant 1 : i64
        %c0_i64_0 = arith.constant 0 : i64
        %c0_i64_1 = arith.constant 0 : i64
        %17 = llvm.ptrtoint %12 : !llvm.ptr to i64
        llvm.store %17, %13 : i64, !llvm.ptr
        %18 = llvm.ptrtoint %14 : !llvm.ptr to i64
        llvm.store %18, %15 : i64, !llvm.ptr
        llvm.store %c1_i64, %2 : i64, !llvm.ptr
        llvm.call %16(%2, %c0_i64_0) : !llvm.ptr, (!llvm.ptr, i64) -> ()
        return
      }
      func.func @pleat_arena_bytes(%arg0: !llvm.ptr, %arg1: i64) -> i64 {
        %c0_i64 = arith.constant 0 : i64
        return %c0_i64 : i64
      }
    }
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::func::FuncDialect",
                           "mlir::scf::SCFDialect"];
}

#endif // PLEAT_PASSES_CPU_PLANMEMORY_TD
