#ifndef PLEAT_PASSES_OPTIMIZATION_ASSIGNLAYOUTS_TD
#define PLEAT_PASSES_OPTIMIZATION_ASSIGNLAYOUTS_TD

include "mlir/Pass/PassBase.td"

def AssignLayouts : Pass<"pleat-assign-layouts", "mlir::func::FuncOp"> {
  let summary = "Choose the order in which each weight is stored";
  let description = [{
    A matrix that a linear reads is stored in panels of 16 columns, the one layout that the
    kernels of every level and every number of rows share; all else is row-major. A table
    that is gathered from and, transposed, multiplied with (a tied embedding) is stored
    once: the gather reads the panels. A weight read in ways that need two orders is stored
    twice, with a remark.

    **Before**
    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
      %w = pleat.weight "b3:01" : tensor<6x8xf32>
      %t = pleat.transposed %w : tensor<6x8xf32>
      %y = pleat.linear %x, %t : tensor<4x8xf32>, tensor<8x6xf32> -> tensor<4x6xf32>
      return %y : tensor<4x6xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
      %w = pleat.weight "b3:01" {layout = #pleat.layout<panel16>, transposed} : tensor<6x8xf32>
      %t = pleat.transposed %w : tensor<6x8xf32>
      %y = pleat.linear %x, %t : tensor<4x8xf32>, tensor<8x6xf32> -> tensor<4x6xf32>
      return %y : tensor<4x6xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect",
                           "mlir::arith::ArithDialect", "::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_ASSIGNLAYOUTS_TD
