#ifndef PLEAT_PASSES_CONVERSION_RAISEROTARY_TD
#define PLEAT_PASSES_CONVERSION_RAISEROTARY_TD

include "mlir/Pass/PassBase.td"

def RaiseRotary : Pass<"pleat-raise-rotary", "mlir::func::FuncOp"> {
  let summary = "Recover rotary position embedding from slices and products";
  let description = [{
    Makes one `Rotary` node of the domain `pleat`, which conversion turns into
    `pleat.rotary`, of what rotates the pairs (a, b) of a rank-4 tensor's last axis:

    - `join(a cos - b sin, a sin + b cos)`, with a and b taken from x by Slice, Split or
      Gather, directly or from x reshaped to pairs, and joined by Concat
    - `x cos + join(-b, a) sin`, where cos and sin repeat each angle for both of a pair. The
      repetition is taken back to where it was made, through Cos, Sin, Cast, products with
      constants and Unsqueeze, or it is found in the numbers of a table that is gathered from
    - `RotaryEmbedding` of opset 23 on rank 4, without position ids

    Pairs are halves of the axis, or neighbours (`interleaved`). cos and sin have shape
    B|1 x 1 x S x D/2 afterwards. The same products are added in the same order: exact.

    Does nothing where the parts belong to different tensors, where angles differ between
    heads, or where they are not proven to repeat.

    **Before**
    ```mlir
    func.func @main(%x: tensor<1x2x5x6xf32>, %cos: tensor<5x3xf32>, %sin: tensor<5x3xf32>) -> tensor<1x2x5x6xf32> {
      %a, %b = onnx.node "Split" opset 18 (%x) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<1x2x5x6xf32>) -> (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>)
      %ac = onnx.node "Mul" opset 18 (%a, %cos) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
      %bs = onnx.node "Mul" opset 18 (%b, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
      %as = onnx.node "Mul" opset 18 (%a, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
      %bc = onnx.node "Mul" opset 18 (%b, %cos) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
      %p = onnx.node "Sub" opset 18 (%ac, %bs) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
      %q = onnx.node "Add" opset 18 (%as, %bc) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
      %y = onnx.node "Concat" opset 18 (%p, %q) {axis = -1 : i64} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x6xf32>
      return %y : tensor<1x2x5x6xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<1x2x5x6xf32>, %cos: tensor<5x3xf32>, %sin: tensor<5x3xf32>) -> tensor<1x2x5x6xf32> {
      %c = onnx.node "Unsqueeze" opset 11 (%cos) {axes = array<i64: 0, 1>} : (tensor<5x3xf32>) -> tensor<1x1x5x3xf32>
      %s = onnx.node "Unsqueeze" opset 11 (%sin) {axes = array<i64: 0, 1>} : (tensor<5x3xf32>) -> tensor<1x1x5x3xf32>
      %y = onnx.node "Rotary" domain "pleat" opset 1 (%x, %c, %s) {} : (tensor<1x2x5x6xf32>, tensor<1x1x5x3xf32>, tensor<1x1x5x3xf32>) -> tensor<1x2x5x6xf32>
      return %y : tensor<1x2x5x6xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::onnx::ONNXDialect", "mlir::arith::ArithDialect"];
}

#endif // PLEAT_PASSES_CONVERSION_RAISEROTARY_TD
