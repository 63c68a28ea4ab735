#ifndef PLEAT_PASSES_CONVERSION_RAISEACTIVATIONS_TD
#define PLEAT_PASSES_CONVERSION_RAISEACTIVATIONS_TD

include "mlir/Pass/PassBase.td"

def RaiseActivations : Pass<"pleat-raise-activations", "mlir::func::FuncOp"> {
  let summary = "Recover GELU and SiLU from their formulas";
  let description = [{
    Reads chains of Add, Sub, Mul, Div and Pow by constants as polynomials, so that every
    order of factors is one form: `x/2 + x/2 erf(x / sqrt 2)` and `x/2 + x/2 tanh(sqrt(2/pi)
    (x + 0.044715 x^3))` become `Gelu` nodes, `x sigmoid(x)` a `Swish`. Constants may differ by
    a relative 1e-4 from the exact ones.

    Does nothing where a coefficient differs more, or where two tensors are involved.

    **Before**
    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
      %root = arith.constant dense<1.41421354> : tensor<f32>
      %one = arith.constant dense<1.0> : tensor<f32>
      %half = arith.constant dense<0.5> : tensor<f32>
      %d = onnx.node "Div" opset 17 (%x, %root) {} : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
      %e = onnx.node "Erf" opset 17 (%d) {} : (tensor<2x8xf32>) -> tensor<2x8xf32>
      %a = onnx.node "Add" opset 17 (%e, %one) {} : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
      %m = onnx.node "Mul" opset 17 (%x, %a) {} : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
      %y = onnx.node "Mul" opset 17 (%m, %half) {} : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
      return %y : tensor<2x8xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
      %root = arith.constant dense<1.41421354> : tensor<f32>
      %one = arith.constant dense<1.0> : tensor<f32>
      %half = arith.constant dense<5.0e-1> : tensor<f32>
      %y = onnx.node "Gelu" opset 20 (%x) {approximate = "none"} : (tensor<2x8xf32>) -> tensor<2x8xf32>
      return %y : tensor<2x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::onnx::ONNXDialect"];
}

#endif // PLEAT_PASSES_CONVERSION_RAISEACTIVATIONS_TD
