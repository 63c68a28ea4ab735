#ifndef PLEAT_PASSES_CPU_EXPANDRESHAPES_TD
#define PLEAT_PASSES_CPU_EXPANDRESHAPES_TD

include "mlir/Pass/PassBase.td"

def ExpandReshapes : Pass<"pleat-expand-reshapes", "mlir::func::FuncOp"> {
  let summary = "Rewrite reshapes of dense buffers as views with computed strides";
  let description = [{
    `memref.expand_shape` and `memref.collapse_shape` of a buffer with the identity layout
    become `memref.reinterpret_cast`. MLIR's own expansion of the first cannot split an axis
    into several of dynamic size. Other layouts are left alone.

    **Before**
    ```mlir
    func.func @split(%x: memref<?xf32>, %a: index, %b: index) -> memref<?x?xf32> {
      %y = memref.expand_shape %x [[0, 1]] output_shape [%a, %b] : memref<?xf32> into memref<?x?xf32>
      return %y : memref<?x?xf32>
    }
    ```
    **After**
    ```mlir
    func.func @split(%x: memref<?xf32>, %a: index, %b: index) -> memref<?x?xf32> {
      %view = memref.reinterpret_cast %x to offset: [0], sizes: [%a, %b], strides: [%b, 1] : memref<?xf32> to memref<?x?xf32, strided<[?, 1]>>
      %y = memref.cast %view : memref<?x?xf32, strided<[?, 1]>> to memref<?x?xf32>
      return %y : memref<?x?xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
}

#endif // PLEAT_PASSES_CPU_EXPANDRESHAPES_TD
