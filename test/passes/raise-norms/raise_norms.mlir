// RUN: %pleat-opt --pleat-raise-norms %s | %FileCheck %s
// A norm is found in each form that exporters write, and only where all parts belong together.

// The torch exporter's layer norm: a power of 2, the difference used twice.
// CHECK-LABEL: func.func @layer_norm
// CHECK-SAME: %[[X:.+]]: tensor<?x8xf32>
func.func @layer_norm(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-DAG: %[[SCALE:.+]] = pleat.weight literal dense<3
  // CHECK-DAG: %[[BIAS:.+]] = pleat.weight literal dense<5
  // CHECK: %[[Y:.+]] = onnx.node "LayerNormalization" opset 17(%[[X]], %[[SCALE]], %[[BIAS]]) {axis = -1 : i64, epsilon = 9.99999974E-6 : f32}
  // CHECK-NOT: onnx.node
  // CHECK: return %[[Y]]
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %scale = pleat.weight literal dense<3.0> : tensor<8xf32>
  %bias = pleat.weight literal dense<5.0> : tensor<8xf32>
  %m = onnx.node "ReduceMean" opset 16 (%x) {axes = array<i64: -1>} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %d = onnx.node "Sub" opset 16 (%x, %m) {} : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %dd = onnx.node "Pow" opset 16 (%d, %two) {} : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean" opset 16 (%dd) {axes = array<i64: 1>} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %a = onnx.node "Add" opset 16 (%v, %eps) {} : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %s = onnx.node "Sqrt" opset 16 (%a) {} : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.node "Div" opset 16 (%d, %s) {} : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %w = onnx.node "Mul" opset 16 (%n, %scale) {} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %y = onnx.node "Add" opset 16 (%w, %bias) {} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A product with the reciprocal, operands the other way round, axes as an input.
// CHECK-LABEL: func.func @rms_norm_by_reciprocal
// CHECK-SAME: %[[X:.+]]: tensor<?x8xf32>
// CHECK: onnx.node "RMSNormalization" opset 23(%[[X]]) {axis = -1 : i64, epsilon = 9.99999997E-7 : f32}
func.func @rms_norm_by_reciprocal(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %axes = arith.constant dense<-1> : tensor<1xi64>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %dd = onnx.node "Mul" opset 18 (%x, %x) {} : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v = onnx.node "ReduceMean" opset 18 (%dd, %axes) {} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %a = onnx.node "Add" opset 18 (%eps, %v) {} : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.node "Sqrt" opset 18 (%a) {} : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.node "Reciprocal" opset 18 (%s) {} : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = onnx.node "Mul" opset 18 (%r, %x) {} : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The first axis of two: no norm of ours.
// CHECK-LABEL: func.func @negative_mean_over_another_axis
// CHECK: "Div"
func.func @negative_mean_over_another_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %dd = onnx.node "Mul" opset 17 (%x, %x) {} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %v = onnx.node "ReduceMean" opset 17 (%dd) {axes = array<i64: 0>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %a = onnx.node "Add" opset 17 (%v, %eps) {} : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %s = onnx.node "Sqrt" opset 17 (%a) {} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = onnx.node "Div" opset 17 (%x, %s) {} : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// One tensor over the root of another one's mean square.
// CHECK-LABEL: func.func @negative_two_tensors
// CHECK: "Div"
func.func @negative_two_tensors(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %dd = onnx.node "Mul" opset 17 (%x, %x) {} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %v = onnx.node "ReduceMean" opset 17 (%dd) {axes = array<i64: -1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %a = onnx.node "Add" opset 17 (%v, %eps) {} : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %s = onnx.node "Sqrt" opset 17 (%a) {} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %y = onnx.node "Div" opset 17 (%z, %s) {} : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
