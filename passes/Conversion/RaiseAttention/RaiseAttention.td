#ifndef PLEAT_PASSES_CONVERSION_RAISEATTENTION_TD
#define PLEAT_PASSES_CONVERSION_RAISEATTENTION_TD

include "mlir/Pass/PassBase.td"

def RaiseAttention : Pass<"pleat-raise-attention", "mlir::func::FuncOp"> {
  let summary = "Recover attention from products and softmax";
  let description = [{
    Finds `Softmax(scale * Q K^T + mask) V` of rank-4 tensors and makes it one `Attention`
    node of the domain `pleat`, which conversion turns into `pleat.attention`. Factors on the
    scores, on Q and on K^T are one scale. Repeated heads of K and V (Unsqueeze, Expand,
    Reshape) are read once; caches stay outside. A mask is an addend, or a choice between the
    scores and a constant of at most -1e9; one that is proven to hide exactly the keys after
    the query (`j > i + T - S`) becomes `causal`. Rows of NaN replaced by zero become
    `masked_rows_zero`. Scaling happens on the scores, so results may differ in the last bits.

    Does nothing where the probabilities have other readers, or a part has another shape.

    **Before**
    ```mlir
    func.func @main(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32> {
      %scale = arith.constant dense<0.5> : tensor<f32>
      %t = onnx.node "Transpose" opset 17 (%k) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x7x4xf32>) -> tensor<1x2x4x7xf32>
      %s = onnx.node "MatMul" opset 17 (%q, %t) {} : (tensor<1x2x5x4xf32>, tensor<1x2x4x7xf32>) -> tensor<1x2x5x7xf32>
      %m = onnx.node "Mul" opset 17 (%s, %scale) {} : (tensor<1x2x5x7xf32>, tensor<f32>) -> tensor<1x2x5x7xf32>
      %p = onnx.node "Softmax" opset 17 (%m) {axis = -1 : i64} : (tensor<1x2x5x7xf32>) -> tensor<1x2x5x7xf32>
      %y = onnx.node "MatMul" opset 17 (%p, %v) {} : (tensor<1x2x5x7xf32>, tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32>
      return %y : tensor<1x2x5x3xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32> {
      %scale = arith.constant dense<5.0e-1> : tensor<f32>
      %y = onnx.node "Attention" domain "pleat" opset 1 (%q, %k, %v) {scale = 5.0e-1 : f32}
          : (tensor<1x2x5x4xf32>, tensor<1x2x7x4xf32>, tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32>
      return %y : tensor<1x2x5x3xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::onnx::ONNXDialect", "mlir::arith::ArithDialect"];
}

#endif // PLEAT_PASSES_CONVERSION_RAISEATTENTION_TD
