#ifndef PLEAT_PASSES_CONVERSION_RAISENORMS_TD
#define PLEAT_PASSES_CONVERSION_RAISENORMS_TD

include "mlir/Pass/PassBase.td"

def RaiseNorms : Pass<"pleat-raise-norms", "mlir::func::FuncOp"> {
  let summary = "Recover layer and RMS normalisation from their formulas";
  let description = [{
    Finds `d / sqrt(mean(d * d) + epsilon)` over the last axis in the forms that exporters
    write (a division, or a product with the reciprocal, a power of 2 or a product) and makes
    it one `RMSNormalization` node; where `d` is `x - mean(x)`, one `LayerNormalization`. A
    following product with a vector becomes the scale, and for a layer norm an addition the
    bias. Sums are taken in another order than the formula's, so results may differ in the
    last bits.

    Does nothing where the mean runs over another axis, where epsilon is no constant, or
    where the parts belong to different tensors.

    **Before**
    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
      %eps = arith.constant dense<1.0e-5> : tensor<f32>
      %w = pleat.weight literal dense<2.0> : tensor<8xf32>
      %xx = onnx.node "Mul" opset 17 (%x, %x) {} : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
      %m = onnx.node "ReduceMean" opset 17 (%xx) {axes = array<i64: -1>} : (tensor<2x8xf32>) -> tensor<2x1xf32>
      %a = onnx.node "Add" opset 17 (%m, %eps) {} : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
      %s = onnx.node "Sqrt" opset 17 (%a) {} : (tensor<2x1xf32>) -> tensor<2x1xf32>
      %n = onnx.node "Div" opset 17 (%x, %s) {} : (tensor<2x8xf32>, tensor<2x1xf32>) -> tensor<2x8xf32>
      %y = onnx.node "Mul" opset 17 (%n, %w) {} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
      return %y : tensor<2x8xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
      %eps = arith.constant dense<1.0e-5> : tensor<f32>
      %w = pleat.weight literal dense<2.0> : tensor<8xf32>
      %y = onnx.node "RMSNormalization" opset 23 (%x, %w) {axis = -1 : i64, epsilon = 9.99999974E-6 : f32}
          : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
      return %y : tensor<2x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::onnx::ONNXDialect"];
}

#endif // PLEAT_PASSES_CONVERSION_RAISENORMS_TD
