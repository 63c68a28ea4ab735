#ifndef PLEAT_PASSES_OPTIMIZATION_EXPANDFACTORS_TD
#define PLEAT_PASSES_OPTIMIZATION_EXPANDFACTORS_TD

include "mlir/Pass/PassBase.td"

def ExpandFactors : Pass<"pleat-expand-factors", "mlir::func::FuncOp"> {
  let summary = "Evaluate a linear on the factors of its weight";
  let description = [{
    A linear on a `pleat.low_rank` becomes two linears, thin one first; on a `pleat.sum`,
    two linears that are added. The product and the sum are never formed. Reassociating:
    results differ from those of the materialised weight by rounding.

    **Before**
    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x6xf32> {
      %u = pleat.weight "b3:01" : tensor<8x3xf32>
      %v = pleat.weight "b3:02" : tensor<3x6xf32>
      %w = pleat.low_rank %u, %v : tensor<8x3xf32>, tensor<3x6xf32>
      %y = pleat.linear %x, %w : tensor<2x8xf32>, tensor<8x6xf32> -> tensor<2x6xf32>
      return %y : tensor<2x6xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x6xf32> {
      %u = pleat.weight "b3:01" : tensor<8x3xf32>
      %v = pleat.weight "b3:02" : tensor<3x6xf32>
      %h = pleat.linear %x, %u : tensor<2x8xf32>, tensor<8x3xf32> -> tensor<2x3xf32>
      %y = pleat.linear %h, %v : tensor<2x3xf32>, tensor<3x6xf32> -> tensor<2x6xf32>
      return %y : tensor<2x6xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::PleatDialect", "mlir::linalg::LinalgDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_EXPANDFACTORS_TD
