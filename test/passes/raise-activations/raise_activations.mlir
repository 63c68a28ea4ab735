// RUN: %pleat-opt --pleat-raise-activations %s | %FileCheck %s
// GELU and SiLU in the orders of factors that exporters write, and near misses.

// gpt2's form: x/2 first, the cube by Pow.
// CHECK-LABEL: func.func @gelu_tanh
// CHECK-SAME: %[[X:.+]]: tensor<6xf32>
// CHECK: %[[Y:.+]] = onnx.node "Gelu" opset 20(%[[X]]) {approximate = "tanh"}
// CHECK-NOT: onnx.node
// CHECK: return %[[Y]]
func.func @gelu_tanh(%x: tensor<6xf32>) -> tensor<6xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %three = arith.constant dense<3.0> : tensor<f32>
  %cubic = arith.constant dense<0.044715> : tensor<f32>
  %slope = arith.constant dense<0.797884583> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %h = onnx.node "Mul" opset 18 (%x, %half) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %p = onnx.node "Pow" opset 18 (%x, %three) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %c = onnx.node "Mul" opset 18 (%p, %cubic) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %a = onnx.node "Add" opset 18 (%x, %c) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  %s = onnx.node "Mul" opset 18 (%a, %slope) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %t = onnx.node "Tanh" opset 18 (%s) {} : (tensor<6xf32>) -> tensor<6xf32>
  %t1 = onnx.node "Add" opset 18 (%t, %one) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %y = onnx.node "Mul" opset 18 (%h, %t1) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// x itself is a sum: the search for it does not go past it.
// CHECK-LABEL: func.func @gelu_of_a_sum
// CHECK: %[[SUM:.+]] = onnx.node "Add"
// CHECK: onnx.node "Gelu" opset 20(%[[SUM]]) {approximate = "none"}
func.func @gelu_of_a_sum(%u: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<6xf32> {
  %root = arith.constant dense<1.41421354> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %x = onnx.node "Add" opset 18 (%u, %b) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  %d = onnx.node "Div" opset 18 (%x, %root) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %e = onnx.node "Erf" opset 18 (%d) {} : (tensor<6xf32>) -> tensor<6xf32>
  %a = onnx.node "Add" opset 18 (%e, %one) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %h = onnx.node "Mul" opset 18 (%half, %a) {} : (tensor<f32>, tensor<6xf32>) -> tensor<6xf32>
  %y = onnx.node "Mul" opset 18 (%x, %h) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-LABEL: func.func @silu
// CHECK-SAME: %[[X:.+]]: tensor<6xf32>
// CHECK: onnx.node "Swish" opset 24(%[[X]])
func.func @silu(%x: tensor<6xf32>) -> tensor<6xf32> {
  %s = onnx.node "Sigmoid" opset 18 (%x) {} : (tensor<6xf32>) -> tensor<6xf32>
  %y = onnx.node "Mul" opset 18 (%s, %x) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// A gate: the sigmoid of one tensor times another.
// CHECK-LABEL: func.func @negative_gate
// CHECK: "Sigmoid"
func.func @negative_gate(%x: tensor<6xf32>, %z: tensor<6xf32>) -> tensor<6xf32> {
  %s = onnx.node "Sigmoid" opset 18 (%x) {} : (tensor<6xf32>) -> tensor<6xf32>
  %y = onnx.node "Mul" opset 18 (%s, %z) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// The divisor is not the root of 2.
// CHECK-LABEL: func.func @negative_other_coefficient
// CHECK: "Erf"
func.func @negative_other_coefficient(%x: tensor<6xf32>) -> tensor<6xf32> {
  %root = arith.constant dense<1.5> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %d = onnx.node "Div" opset 18 (%x, %root) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %e = onnx.node "Erf" opset 18 (%d) {} : (tensor<6xf32>) -> tensor<6xf32>
  %a = onnx.node "Add" opset 18 (%e, %one) {} : (tensor<6xf32>, tensor<f32>) -> tensor<6xf32>
  %h = onnx.node "Mul" opset 18 (%half, %a) {} : (tensor<f32>, tensor<6xf32>) -> tensor<6xf32>
  %y = onnx.node "Mul" opset 18 (%x, %h) {} : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}
