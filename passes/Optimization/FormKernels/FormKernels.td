#ifndef PLEAT_PASSES_OPTIMIZATION_FORMKERNELS_TD
#define PLEAT_PASSES_OPTIMIZATION_FORMKERNELS_TD

include "mlir/Pass/PassBase.td"

def FormKernels : Pass<"pleat-form-kernels", "mlir::ModuleOp"> {
  let summary = "Move computation into kernels, one function for each distinct one";
  let description = [{
    Groups the ops of `@main` around anchors (a linear, an attention, a norm, one linalg
    op, ...), moves each group into a function marked `pleat.kernel` and leaves a
    `pleat.launch`. A linear takes the elementwise op that follows it, an attention the
    transposes and reshapes around it; slices, fills and constants go into each kernel that
    reads them. Kernels that are equal but for names become one function, so that code does
    not grow with depth. Does nothing to index arithmetic, weights and reshapes, which stay
    in `@main`.

    A kernel asks for the scratch that the most demanding of `levels` needs.

    **Before**
    ```mlir
    func.func @main(%x: tensor<4x8xf32> {pleat.name = "x", pleat.dims = [4, 8]})
        -> (tensor<4x6xf32> {pleat.name = "y", pleat.dims = [4, 6]}) {
      %w = pleat.weight "b3:01" {layout = #pleat.layout<panel16>} : tensor<8x6xf32>
      %y = pleat.linear %x, %w : tensor<4x8xf32>, tensor<8x6xf32> -> tensor<4x6xf32>
      return %y : tensor<4x6xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<4x8xf32> {pleat.name = "x", pleat.dims = [4, 8]})
        -> (tensor<4x6xf32> {pleat.name = "y", pleat.dims = [4, 6]}) {
      %w = pleat.weight "b3:01" {layout = #pleat.layout<panel16>} : tensor<8x6xf32>
      %y = pleat.launch @linear_8x6(%x, %w) : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
      return %y : tensor<4x6xf32>
    }
    func.func private @linear_8x6(%x: tensor<4x8xf32>, %w: tensor<8x6xf32> {pleat.layout = #pleat.layout<panel16>})
        -> tensor<4x6xf32> attributes {pleat.kernel, pleat.parallel} {
      %y = pleat.linear %x, %w : tensor<4x8xf32>, tensor<8x6xf32> -> tensor<4x6xf32>
      return %y : tensor<4x6xf32>
    }
    ```
  }];
  let options = [
    ListOption<"levels", "levels", "std::string",
               "Instruction set levels to plan scratch for; all when empty">
  ];
  let dependentDialects = ["mlir::func::FuncDialect", "mlir::affine::AffineDialect",
                           "mlir::tensor::TensorDialect", "mlir::linalg::LinalgDialect",
                           "mlir::arith::ArithDialect", "::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_FORMKERNELS_TD
