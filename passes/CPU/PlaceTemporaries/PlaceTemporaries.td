#ifndef PLEAT_PASSES_CPU_PLACETEMPORARIES_TD
#define PLEAT_PASSES_CPU_PLACETEMPORARIES_TD

include "mlir/Pass/PassBase.td"

def PlaceTemporaries : Pass<"pleat-place-temporaries", "mlir::func::FuncOp"> {
  let summary = "Put the buffers of a machine function on the stack or in its scratch";
  let description = [{
    Running allocates nothing, so each `memref.alloc` becomes a `memref.alloca` at the
    function's start when its size is static and at most `stack-bytes`, and otherwise a
    piece of the scratch that slot `pleat.scratch_slot` points to. Pieces of one block
    follow each other at multiples of 64 bytes; those of a nested block lie behind the ones
    allocated so far and are free again when it ends.

    **Before**
    ```mlir
    func.func @k(%slots: !llvm.ptr, %part: i64) {
      %c1 = arith.constant 1.0 : f32
      %c0 = arith.constant 0 : index
      %t = memref.alloc() : memref<16xf32>
      memref.store %c1, %t[%c0] : memref<16xf32>
      return
    }
    ```
    **After**
    ```mlir
    func.func @k(%slots: !llvm.ptr, %part: i64) {
      %t = memref.alloca() {alignment = 64 : i64} : memref<16xf32>
      %c1 = arith.constant 1.0 : f32
      %c0 = arith.constant 0 : index
      memref.store %c1, %t[%c0] : memref<16xf32>
      return
    }
    ```
    A buffer that fits neither is an error.
  }];
  let options = [
    Option<"stackBytes", "stack-bytes", "int64_t", "4096", "Most bytes of one buffer on the stack">
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect", "mlir::memref::MemRefDialect"];
}

#endif // PLEAT_PASSES_CPU_PLACETEMPORARIES_TD
