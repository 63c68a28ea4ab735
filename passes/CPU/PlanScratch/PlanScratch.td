#ifndef PLEAT_PASSES_CPU_PLANSCRATCH_TD
#define PLEAT_PASSES_CPU_PLANSCRATCH_TD

include "mlir/Pass/PassBase.td"

def PlanScratch : Pass<"pleat-plan-scratch", "mlir::ModuleOp"> {
  let summary = "Declare the scratch that kernels of the general path need";
  let description = [{
    Running allocates nothing, so what a kernel keeps on the way must be part of the arena.
    Each kernel without `pleat.scratch` that takes the general path at some level of
    `levels` is lowered until its buffers are known, as `--pleat-lower-kernels` does it, and
    gets as `pleat.scratch` a map from its sizes and index arguments to the bytes of those
    that the stack does not take. Where buffers of different loops take turns, the map has a
    result for each, and the largest counts. Sizes of tiles, which depend on the iteration
    and on the number of parts, are bounded by the whole.

    A kernel of which no loop can be split loses `pleat.parallel`: other threads would be
    started for nothing.

    Does nothing else to a kernel whose temporaries fit the stack. A buffer whose size does not
    follow from the sizes of operands is an error.

    **Before**
    ```mlir
    func.func private @second_step(%x: tensor<8x?xf32>) -> tensor<?xf32> attributes {pleat.kernel} {
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c1 : tensor<8x?xf32>
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty(%n) : tensor<?xf32>
      %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
      %sums = linalg.reduce ins(%x : tensor<8x?xf32>) outs(%zeros : tensor<?xf32>) dimensions = [0]
        (%a: f32, %sum: f32) {
          %s = arith.addf %a, %sum : f32
          linalg.yield %s : f32
        }
      %turned = linalg.generic {indexing_maps = [affine_map<(i)[] -> (i)>], iterator_types = ["parallel"]}
          outs(%empty : tensor<?xf32>) {
      ^bb0(%old: f32):
        %i = linalg.index 0 : index
        %one = arith.constant 1 : index
        %last = arith.subi %n, %one : index
        %j = arith.subi %last, %i : index
        %v = tensor.extract %sums[%j] : tensor<?xf32>
        linalg.yield %v : f32
      } -> tensor<?xf32>
      return %turned : tensor<?xf32>
    }
    ```
    **After**
    ```mlir
    func.func private @second_step(%arg0: tensor<8x?xf32>) -> tensor<?xf32> attributes {pleat.kernel, pleat.scratch = affine_map<()[s0, s1] -> (((s0 * 4) ceildiv 64) * 64)>} {
      %c1 = arith.constant 1 : index
      %dim = tensor.dim %arg0, %c1 : tensor<8x?xf32>
      %cst = arith.constant 0.000000e+00 : f32
      %0 = tensor.empty(%dim) : tensor<?xf32>
      %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<?xf32>) -> tensor<?xf32>
      %reduced = linalg.reduce ins(%arg0 : tensor<8x?xf32>) outs(%1 : tensor<?xf32>) dimensions = [0]
        (%in: f32, %init: f32) {
          %3 = arith.addf %in, %init : f32
          linalg.yield %3 : f32
        }
      %2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%0 : tensor<?xf32>) {
      ^bb0(%out: f32):
        %3 = linalg.index 0 : index
        %c1_0 = arith.constant 1 : index
        %4 = arith.subi %dim, %c1_0 : index
        %5 = arith.subi %4, %3 : index
        %extracted = tensor.extract %reduced[%5] : tensor<?xf32>
        linalg.yield %extracted : f32
      } -> tensor<?xf32>
      return %2 : tensor<?xf32>
    }
    ```
  }];
  let options = [
    ListOption<"levels", "levels", "std::string",
               "Instruction set levels that kernels are compiled for; all when empty">
  ];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect",
    "mlir::cf::ControlFlowDialect", "mlir::func::FuncDialect", "mlir::linalg::LinalgDialect",
    "mlir::LLVM::LLVMDialect", "mlir::math::MathDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect"
  ];
}

#endif // PLEAT_PASSES_CPU_PLANSCRATCH_TD
