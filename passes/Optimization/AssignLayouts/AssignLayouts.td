#ifndef PLEAT_PASSES_OPTIMIZATION_ASSIGNLAYOUTS_TD
#define PLEAT_PASSES_OPTIMIZATION_ASSIGNLAYOUTS_TD

include "mlir/Pass/PassBase.td"

def AssignLayouts : Pass<"pleat-assign-layouts", "mlir::func::FuncOp"> {
  let summary = "Choose the order in which each weight is stored";
  let description = [{
    A matrix that a linear reads is stored packed: in panels of 16 columns of f32, or as
    bf16 pairs if its precision is bf16 (rounded once) or f32-split (three parts that add up
    to the f32). Kernels of every level and every number of rows share that one layout. All
    else is row-major. A linear's precision is its `pleat.precision`, which is obeyed, or
    else the option `precision`, which is followed where it pays: PrecisionRule.h has the
    rule, and a remark says where it does not. A weight of several linears takes the most
    precise. A table that is gathered from and, transposed, multiplied with (a tied embedding) is stored
    once: the gather reads the packed form. A weight read in ways that need two orders is stored
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

    **Before** `--pleat-assign-layouts=precision=bf16`
    ```mlir
    func.func @main(%x: tensor<4x40xf32>) -> tensor<4x72xf32> {
      %w = pleat.weight "b3:01" : tensor<40x72xf32>
      %y = pleat.linear %x, %w : tensor<4x40xf32>, tensor<40x72xf32> -> tensor<4x72xf32>
      return %y : tensor<4x72xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<4x40xf32>) -> tensor<4x72xf32> {
      %w = pleat.weight "b3:01" {layout = #pleat.layout<amx_bf16>} : tensor<40x72xf32>
      %y = pleat.linear %x, %w : tensor<4x40xf32>, tensor<40x72xf32> -> tensor<4x72xf32>
      return %y : tensor<4x72xf32>
    }
    ```
  }];
  let options = [
    Option<"precision", "precision", "std::string", "\"f32\"",
           "Precision of weights whose linears name none: f32, f32-split or bf16">,
    Option<"tileProducts", "tile-products", "bool", "true",
           "Whether some level that is compiled for has tile registers">
  ];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect",
                           "mlir::arith::ArithDialect", "::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_ASSIGNLAYOUTS_TD
