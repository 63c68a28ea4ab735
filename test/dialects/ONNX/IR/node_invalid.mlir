// RUN: %pleat-opt %s --split-input-file --verify-diagnostics
// What an onnx.node refuses.

func.func @more_regions_than_names(%c: tensor<i1>, %a: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.node' op expects one subgraph name for each region, but got 1 names and 2 regions}}
  %y = onnx.node "If" opset 16 (%c) {} subgraphs ["then_branch"] : (tensor<i1>) -> tensor<3xf32> {
    onnx.yield %a : tensor<3xf32>
  }, {
    onnx.yield %a : tensor<3xf32>
  }
  return
}

// -----

func.func @names_without_regions(%c: tensor<i1>) {
  // expected-error @+1 {{'onnx.node' op expects one subgraph name for each region, but got 1 names and 0 regions}}
  %y = onnx.node "If" opset 16 (%c) {} subgraphs ["then_branch"] : (tensor<i1>) -> tensor<3xf32>
  return
}
