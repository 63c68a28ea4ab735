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

    A vector holds as many elements as fit `vector-bytes` at the body's widest type. Bodies
    may read memory by computed indices; a value that does not depend on the vectorised
    loop stays a scalar. `i1` in memory is a byte.
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
