// RUN: %pleat-opt --pleat-raise-attention %s | %FileCheck %s
// Attention with the masks that exporters write. Causality is proven, never assumed.

// char_dense: the lower triangle of a square of ones chooses; S and T are one symbol.
// CHECK-LABEL: func.func @causal_triangle
// CHECK: onnx.node "Attention" domain "pleat" opset 1(%{{[^,]+}}, %{{[^,]+}}, %{{[^,]+}}) {causal, scale = 2.500000e-01 : f32}
func.func @causal_triangle(%q: tensor<1x2x?x4xf32> {onnx.dims = [1, 2, "t", 4]},
                           %k: tensor<1x2x?x4xf32> {onnx.dims = [1, 2, "t", 4]},
                           %v: tensor<1x2x?x3xf32> {onnx.dims = [1, 2, "t", 3]}) -> tensor<1x2x?x3xf32> {
  %scale = arith.constant dense<0.25> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %diagonal = arith.constant dense<0> : tensor<i64>
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %n = onnx.node "Shape" opset 16 (%q) {start = 2 : i64, end = 3 : i64} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %nn = onnx.node "Concat" opset 16 (%n, %n) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %ones = onnx.node "ConstantOfShape" opset 16 (%nn) {value = dense<1.0> : tensor<1xf32>} : (tensor<2xi64>) -> tensor<?x?xf32>
  %lower = onnx.node "Trilu" opset 16 (%ones, %diagonal) {upper = 0 : i64} : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  %keep = onnx.node "Greater" opset 16 (%lower, %zero) {} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %t = onnx.node "Transpose" opset 16 (%k) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %s = onnx.node "MatMul" opset 16 (%q, %t) {} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %f = onnx.node "Mul" opset 16 (%s, %scale) {} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %m = onnx.node "Where" opset 16 (%keep, %f, %low) {} : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %p = onnx.node "Softmax" opset 16 (%m) {axis = -1 : i64} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %y = onnx.node "MatMul" opset 16 (%p, %v) {} : (tensor<1x2x?x?xf32>, tensor<1x2x?x3xf32>) -> tensor<1x2x?x3xf32>
  return %y : tensor<1x2x?x3xf32>
}

// Repeated heads are read once; a mask from an input stays an operand of rank 4; rows of NaN
// become zero; factors on both sides are one scale.
// CHECK-LABEL: func.func @grouped_heads_and_mask
// CHECK-SAME: %[[Q:.+]]: tensor<1x6x5x4xf32>, %[[K:.+]]: tensor<1x2x7x4xf32>, %[[V:.+]]: tensor<1x2x7x3xf32>, %[[MASK:.+]]: tensor<5x7xf32>
// CHECK: %[[RANK4:.+]] = onnx.node "Unsqueeze" opset 11(%[[MASK]]) {axes = array<i64: 0, 1>} : (tensor<5x7xf32>) -> tensor<1x1x5x7xf32>
// CHECK: onnx.node "Attention" domain "pleat" opset 1(%[[Q]], %[[K]], %[[V]], %[[RANK4]]) {masked_rows_zero, scale = 2.500000e-01 : f32}
func.func @grouped_heads_and_mask(%q: tensor<1x6x5x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x7x3xf32>,
                                  %mask: tensor<5x7xf32>) -> tensor<1x6x5x3xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %two = arith.constant dense<2> : tensor<1xi64>
  %ek = arith.constant dense<[1, 2, 3, 7, 4]> : tensor<5xi64>
  %rk = arith.constant dense<[1, 6, 7, 4]> : tensor<4xi64>
  %ev = arith.constant dense<[1, 2, 3, 7, 3]> : tensor<5xi64>
  %rv = arith.constant dense<[1, 6, 7, 3]> : tensor<4xi64>
  %k1 = onnx.node "Unsqueeze" opset 18 (%k, %two) {} : (tensor<1x2x7x4xf32>, tensor<1xi64>) -> tensor<1x2x1x7x4xf32>
  %k2 = onnx.node "Expand" opset 18 (%k1, %ek) {} : (tensor<1x2x1x7x4xf32>, tensor<5xi64>) -> tensor<1x2x3x7x4xf32>
  %k3 = onnx.node "Reshape" opset 18 (%k2, %rk) {} : (tensor<1x2x3x7x4xf32>, tensor<4xi64>) -> tensor<1x6x7x4xf32>
  %v1 = onnx.node "Unsqueeze" opset 18 (%v, %two) {} : (tensor<1x2x7x3xf32>, tensor<1xi64>) -> tensor<1x2x1x7x3xf32>
  %v2 = onnx.node "Expand" opset 18 (%v1, %ev) {} : (tensor<1x2x1x7x3xf32>, tensor<5xi64>) -> tensor<1x2x3x7x3xf32>
  %v3 = onnx.node "Reshape" opset 18 (%v2, %rv) {} : (tensor<1x2x3x7x3xf32>, tensor<4xi64>) -> tensor<1x6x7x3xf32>
  %t = onnx.node "Transpose" opset 18 (%k3) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x6x7x4xf32>) -> tensor<1x6x4x7xf32>
  %qs = onnx.node "Mul" opset 18 (%q, %half) {} : (tensor<1x6x5x4xf32>, tensor<f32>) -> tensor<1x6x5x4xf32>
  %ts = onnx.node "Mul" opset 18 (%t, %half) {} : (tensor<1x6x4x7xf32>, tensor<f32>) -> tensor<1x6x4x7xf32>
  %s = onnx.node "MatMul" opset 18 (%qs, %ts) {} : (tensor<1x6x5x4xf32>, tensor<1x6x4x7xf32>) -> tensor<1x6x5x7xf32>
  %m = onnx.node "Add" opset 18 (%s, %mask) {} : (tensor<1x6x5x7xf32>, tensor<5x7xf32>) -> tensor<1x6x5x7xf32>
  %p = onnx.node "Softmax" opset 18 (%m) {axis = -1 : i64} : (tensor<1x6x5x7xf32>) -> tensor<1x6x5x7xf32>
  %nan = onnx.node "IsNaN" opset 18 (%p) {} : (tensor<1x6x5x7xf32>) -> tensor<1x6x5x7xi1>
  %pz = onnx.node "Where" opset 18 (%nan, %zero, %p) {} : (tensor<1x6x5x7xi1>, tensor<f32>, tensor<1x6x5x7xf32>) -> tensor<1x6x5x7xf32>
  %y = onnx.node "MatMul" opset 18 (%pz, %v3) {} : (tensor<1x6x5x7xf32>, tensor<1x6x7x3xf32>) -> tensor<1x6x5x3xf32>
  return %y : tensor<1x6x5x3xf32>
}

// The probabilities are a result of the model too.
// CHECK-LABEL: func.func @negative_probabilities_have_another_reader
// CHECK: "Softmax"
func.func @negative_probabilities_have_another_reader(%q: tensor<1x2x5x4xf32>, %t: tensor<1x2x4x7xf32>, %v: tensor<1x2x7x3xf32>)
    -> (tensor<1x2x5x3xf32>, tensor<1x2x5x7xf32>) {
  %s = onnx.node "MatMul" opset 18 (%q, %t) {} : (tensor<1x2x5x4xf32>, tensor<1x2x4x7xf32>) -> tensor<1x2x5x7xf32>
  %p = onnx.node "Softmax" opset 18 (%s) {axis = -1 : i64} : (tensor<1x2x5x7xf32>) -> tensor<1x2x5x7xf32>
  %y = onnx.node "MatMul" opset 18 (%p, %v) {} : (tensor<1x2x5x7xf32>, tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32>
  return %y, %p : tensor<1x2x5x3xf32>, tensor<1x2x5x7xf32>
}

// -10 weakens a score, it does not hide it.
// CHECK-LABEL: func.func @negative_mask_that_does_not_hide
// CHECK: "Softmax"
func.func @negative_mask_that_does_not_hide(%q: tensor<1x2x5x4xf32>, %t: tensor<1x2x4x7xf32>, %v: tensor<1x2x7x3xf32>,
                                            %keep: tensor<5x7xi1>) -> tensor<1x2x5x3xf32> {
  %low = arith.constant dense<-10.0> : tensor<f32>
  %s = onnx.node "MatMul" opset 18 (%q, %t) {} : (tensor<1x2x5x4xf32>, tensor<1x2x4x7xf32>) -> tensor<1x2x5x7xf32>
  %m = onnx.node "Where" opset 18 (%keep, %s, %low) {} : (tensor<5x7xi1>, tensor<1x2x5x7xf32>, tensor<f32>) -> tensor<1x2x5x7xf32>
  %p = onnx.node "Softmax" opset 18 (%m) {axis = -1 : i64} : (tensor<1x2x5x7xf32>) -> tensor<1x2x5x7xf32>
  %y = onnx.node "MatMul" opset 18 (%p, %v) {} : (tensor<1x2x5x7xf32>, tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32>
  return %y : tensor<1x2x5x3xf32>
}
