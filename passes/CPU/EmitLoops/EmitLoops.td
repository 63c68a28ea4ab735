#ifndef PLEAT_PASSES_CPU_EMITLOOPS_TD
#define PLEAT_PASSES_CPU_EMITLOOPS_TD

include "mlir/Pass/PassBase.td"

def EmitLoops : Pass<"pleat-emit-loops", "mlir::func::FuncOp"> {
  let summary = "Turn linalg ops on buffers into loops of vectors";
  let description = [{
    Each linalg op on memrefs, and each `memref.copy`, becomes a nest of `scf.for` loops.
    One loop is cut into vectors of native width, with single elements for the rest:

    - the loop of the outputs' last axis, where every output is contiguous along it. Inputs
      are read as vectors where they are contiguous along it too, once where they do not
      depend on it, and else element by element. Loops that reduce run inside and keep
      their sums in registers.
    - otherwise a loop that reduces with one associative operation, where the inputs are
      contiguous along it. Four vectors are summed side by side and then added as a tree:
      the order depends on the size and the vector width alone.
    - otherwise none.

    Bodies compute in f32 on elements of f16 and bf16, which are rounded when they are
    stored: a sum is rounded once, whatever its length. Casts to f16 and bf16 round too.

    A vector holds as many elements as fit `vector-bytes` at the body's widest type. Bodies
    may read memory by computed indices; a value that does not depend on the vectorised
    loop stays a scalar. `i1` in memory is a byte.

    **Before** `--pleat-emit-loops=vector-bytes=16`
    ```mlir
    func.func @add(%a: memref<7xf32>, %b: memref<7xf32>, %sum: memref<7xf32>) {
      linalg.add ins(%a, %b : memref<7xf32>, memref<7xf32>) outs(%sum : memref<7xf32>)
      return
    }
    ```
    **After**
    ```mlir
    func.func @add(%arg0: memref<7xf32>, %arg1: memref<7xf32>, %arg2: memref<7xf32>) {
      %c7 = arith.constant 7 : index
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %0 = arith.subi %c7, %c0 : index
      %c4 = arith.constant 4 : index
      %1 = arith.remui %0, %c4 : index
      %2 = arith.subi %c7, %1 : index
      %c4_0 = arith.constant 4 : index
      scf.for %arg3 = %c0 to %2 step %c4_0 {
        %3 = vector.load %arg0[%arg3] : memref<7xf32>, vector<4xf32>
        %4 = vector.load %arg1[%arg3] : memref<7xf32>, vector<4xf32>
        %5 = arith.addf %3, %4 : vector<4xf32>
        vector.store %5, %arg2[%arg3] : memref<7xf32>, vector<4xf32>
      }
      scf.for %arg3 = %2 to %c7 step %c1 {
        %3 = memref.load %arg0[%arg3] : memref<7xf32>
        %4 = memref.load %arg1[%arg3] : memref<7xf32>
        %5 = arith.addf %3, %4 : f32
        memref.store %5, %arg2[%arg3] : memref<7xf32>
      }
      return
    }
    ```
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", "0",
           "Bytes of a vector; 0 takes the width of the function's level">
  ];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect", "mlir::vector::VectorDialect",
                           "mlir::LLVM::LLVMDialect"];
}

#endif // PLEAT_PASSES_CPU_EMITLOOPS_TD
