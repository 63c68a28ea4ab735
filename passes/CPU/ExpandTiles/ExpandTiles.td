#ifndef PLEAT_PASSES_CPU_EXPANDTILES_TD
#define PLEAT_PASSES_CPU_EXPANDTILES_TD

include "mlir/Pass/PassBase.td"

def ExpandTiles : Pass<"pleat-expand-tiles", "mlir::func::FuncOp"> {
  let summary = "Compute what tile registers would with vectors and loops";
  let description = [{
    Replaces tiles by vectors of their rows, with bf16 as bits, and products of tiles by
    loops over rows and pairs. For tests: with it, the code of a level with AMX runs, slowly,
    on a processor without. Sums differ from the processor's in their last bits, and
    denormals are not flushed.

    **Before**
    ```mlir
    func.func @copy(%from: memref<1x16xf32>, %to: memref<1x16xf32>) {
      %c0 = arith.constant 0 : index
      %t = amx.tile_load %from[%c0, %c0] : memref<1x16xf32> into !amx.tile<1x16xf32>
      amx.tile_store %to[%c0, %c0], %t : memref<1x16xf32>, !amx.tile<1x16xf32>
      return
    }
    ```
    **After**
    ```mlir
    func.func @copy(%arg0: memref<1x16xf32>, %arg1: memref<1x16xf32>) {
      %c0 = arith.constant 0 : index
      %c0_0 = arith.constant 0 : index
      %0 = arith.addi %c0, %c0_0 : index
      %1 = vector.load %arg0[%0, %c0] : memref<1x16xf32>, vector<16xf32>
      %c0_1 = arith.constant 0 : index
      %2 = arith.addi %c0, %c0_1 : index
      vector.store %1, %arg1[%2, %c0] : memref<1x16xf32>, vector<16xf32>
      return
    }
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"
  ];
}

#endif // PLEAT_PASSES_CPU_EXPANDTILES_TD
