// RUN: %pleat-opt --convert-onnx-to-pleat --verify-diagnostics --split-input-file %s
// What is not converted is reported at its node; one run reports every node.

func.func @every_node_is_reported(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  // expected-error@unknown {{node "a" (Frobnicate, opset 17): unsupported operator}}
  %a = onnx.node "Frobnicate" opset 17 (%x) {} : (tensor<3xf32>) -> tensor<3xf32> loc("a")
  // expected-error@unknown {{node "b" (ms.Gelu, opset 1): unsupported operator}}
  %b = onnx.node "Gelu" domain "ms" opset 1 (%x) {} : (tensor<3xf32>) -> tensor<3xf32> loc("b")
  return %a, %b : tensor<3xf32>, tensor<3xf32>
}

// -----

func.func @attribute(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error@unknown {{node "a" (Exp, opset 17): unsupported attribute 'base'}}
  %a = onnx.node "Exp" opset 17 (%x) {base = 2.0 : f32} : (tensor<3xf32>) -> tensor<3xf32> loc("a")
  return %a : tensor<3xf32>
}

// -----

func.func @opset(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error@unknown {{node "a" (Erf, opset 8): unsupported opset; supported: 9 to 28}}
  %a = onnx.node "Erf" opset 8 (%x) {} : (tensor<3xf32>) -> tensor<3xf32> loc("a")
  return %a : tensor<3xf32>
}

// -----

func.func @shape_from_data(%x: tensor<6xf32>, %shape: tensor<2xi64>) -> tensor<?x?xf32> {
  // expected-error@unknown {{node "a" (Reshape, opset 17): expects a shape known at compile time}}
  %a = onnx.node "Reshape" opset 17 (%x, %shape) {} : (tensor<6xf32>, tensor<2xi64>) -> tensor<?x?xf32> loc("a")
  return %a : tensor<?x?xf32>
}

// -----

func.func @sizes_that_never_match(%x: tensor<6xf32>, %y: tensor<4xf32>) -> tensor<?xf32> {
  // expected-error@unknown {{node "a" (Add, opset 17): expects equal sizes, but got 6 and 4}}
  %a = onnx.node "Add" opset 17 (%x, %y) {} : (tensor<6xf32>, tensor<4xf32>) -> tensor<?xf32> loc("a")
  return %a : tensor<?xf32>
}
