// RUN: %pleat-opt %s | %pleat-opt | %FileCheck %s
// ONNX nodes print as they were written.

// CHECK-LABEL: @node
func.func @node(%table: tensor<11x3xf32>, %ids: tensor<?x7xi64>) -> tensor<?x7x3xf32> {
  // CHECK: onnx.node "Gather" opset 17(%{{.+}}, %{{.+}}) {axis = 0 : i64} : (tensor<11x3xf32>, tensor<?x7xi64>) -> tensor<?x7x3xf32>
  %y = onnx.node "Gather" opset 17 (%table, %ids) {axis = 0 : i64} : (tensor<11x3xf32>, tensor<?x7xi64>) -> tensor<?x7x3xf32>
  return %y : tensor<?x7x3xf32>
}

// CHECK-LABEL: @contrib_domain
func.func @contrib_domain(%x: tensor<3xf32>) -> tensor<3xf32> {
  // CHECK: onnx.node "FastGelu" domain "com.microsoft" opset 1(%{{.+}}) {} : (tensor<3xf32>) -> tensor<3xf32>
  %y = onnx.node "FastGelu" domain "com.microsoft" opset 1 (%x) {} : (tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// A left-out optional input in the middle, no inputs at all, and two outputs.
// CHECK-LABEL: @unusual_arity
func.func @unusual_arity(%x: tensor<3xf32>, %high: tensor<f32>) {
  // CHECK: %[[NONE:.+]] = onnx.none
  %none = onnx.none
  // CHECK: onnx.node "Clip" opset 13(%{{.+}}, %[[NONE]], %{{.+}}) {} : (tensor<3xf32>, none, tensor<f32>) -> tensor<3xf32>
  %clipped = onnx.node "Clip" opset 13 (%x, %none, %high) {} : (tensor<3xf32>, none, tensor<f32>) -> tensor<3xf32>
  // CHECK: onnx.node "RandomNormal" opset 1() {shape = array<i64: 3>} : () -> tensor<3xf32>
  %drawn = onnx.node "RandomNormal" opset 1 () {shape = array<i64: 3>} : () -> tensor<3xf32>
  // CHECK: onnx.node "TopK" opset 11(%{{.+}}, %{{.+}}) {} : (tensor<3xf32>, tensor<f32>) -> (tensor<?xf32>, tensor<?xi64>)
  %top:2 = onnx.node "TopK" opset 11 (%x, %high) {} : (tensor<3xf32>, tensor<f32>) -> (tensor<?xf32>, tensor<?xi64>)
  return
}

// CHECK-LABEL: @subgraphs
func.func @subgraphs(%c: tensor<i1>, %a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<3xf32> {
  // CHECK: onnx.node "If" opset 16(%{{.+}}) {} subgraphs ["then_branch", "else_branch"] : (tensor<i1>) -> tensor<3xf32> {
  // CHECK-NEXT: onnx.yield %{{.+}} : tensor<3xf32>
  // CHECK-NEXT: }, {
  // CHECK-NEXT: onnx.yield %{{.+}} : tensor<3xf32>
  // CHECK-NEXT: }
  %y = onnx.node "If" opset 16 (%c) {} subgraphs ["then_branch", "else_branch"] : (tensor<i1>) -> tensor<3xf32> {
    onnx.yield %a : tensor<3xf32>
  }, {
    onnx.yield %b : tensor<3xf32>
  }
  return %y : tensor<3xf32>
}
