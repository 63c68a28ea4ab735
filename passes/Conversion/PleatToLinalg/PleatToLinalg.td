#ifndef PLEAT_PASSES_CONVERSION_PLEATTOLINALG_TD
#define PLEAT_PASSES_CONVERSION_PLEATTOLINALG_TD

include "mlir/Pass/PassBase.td"

def PleatToLinalg : Pass<"convert-pleat-to-linalg"> {
  let summary = "Rewrite pleat ops as linalg on tensors";
  let description = [{
    Gives each op of the pleat dialect in the terms of its description: the meaning that
    other lowerings are measured against, and the general path's first step. Weight
    expressions are materialised, except that a `pleat.linear` or `pleat.gather` reads a
    transposed weight in place. `pleat.repeat` is unrolled. What stays are
    `pleat.weight` with a key and `pleat.launch`.

    Softmax and the norms are written so that only one number a row is stored on the way. Of
    f16 and bf16 it is f32, as are the scores of attention: an op rounds its result, once.

    **Before**
    ```mlir
    func.func @add(%a: tensor<3x5xf32>, %b: tensor<3x5xf32>) -> tensor<3x5xf32> {
      %sum = pleat.sum %a, %b : tensor<3x5xf32>
      return %sum : tensor<3x5xf32>
    }
    ```
    **After**
    ```mlir
    #map = affine_map<(d0, d1) -> (d0, d1)>
    func.func @add(%a: tensor<3x5xf32>, %b: tensor<3x5xf32>) -> tensor<3x5xf32> {
      %empty = tensor.empty() : tensor<3x5xf32>
      %sum = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
          ins(%a, %b : tensor<3x5xf32>, tensor<3x5xf32>) outs(%empty : tensor<3x5xf32>) {
      ^bb0(%x: f32, %y: f32, %old: f32):
        %z = arith.addf %x, %y : f32
        linalg.yield %z : f32
      } -> tensor<3x5xf32>
      return %sum : tensor<3x5xf32>
    }
    ```
  }];
  let options = [
    ListOption<"only", "only", "std::string",
               "Families to convert: weight, norm, attention, conv, structure; all when empty">
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::math::MathDialect",
                           "mlir::tensor::TensorDialect"];
}

#endif // PLEAT_PASSES_CONVERSION_PLEATTOLINALG_TD
