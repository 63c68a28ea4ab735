// RUN: %pleat-opt --convert-onnx-to-pleat %s | %FileCheck %s
// Sizes are expressions over the model's dimension names, computed once at the function's start.

// A sum of two dimensions is one affine.apply; shape arithmetic leaves nothing behind.
// CHECK: #[[$SUM:.+]] = affine_map<()[s0, s1] -> (s0 + s1)>
// CHECK-LABEL: func.func @appended_past
// CHECK-SAME: %[[NEW:.+]]: tensor<2x?xf32> {pleat.dims = [2, "t"], pleat.name = "new"}
// CHECK-SAME: %[[PAST:.+]]: tensor<2x?xf32> {pleat.dims = [2, "p"], pleat.name = "past"}
// CHECK-SAME: -> (tensor<?x2xf32> {pleat.dims = ["t + p", 2], pleat.name = "y"})
// CHECK-DAG: %[[T:.+]] = tensor.dim %[[NEW]], %{{.+}}
// CHECK-DAG: %[[P:.+]] = tensor.dim %[[PAST]], %{{.+}}
// CHECK: %[[LENGTH:.+]] = affine.apply #[[$SUM]]()[%[[T]], %[[P]]]
// CHECK-NOT: tensor.dim
// CHECK: pleat.reshape %{{.+}}[%[[LENGTH]]] : tensor<2x?xf32> -> tensor<?x2xf32>
// CHECK-NOT: onnx.
func.func @appended_past(%new: tensor<2x?xf32> {onnx.name = "new", onnx.dims = [2, "t"]},
                         %past: tensor<2x?xf32> {onnx.name = "past", onnx.dims = [2, "p"]})
    -> (tensor<?x2xf32> {onnx.name = "y", onnx.dims = ["pt", 2]}) {
  %two = arith.constant dense<2> : tensor<1xi64>
  %all = onnx.node "Concat" opset 17 (%past, %new) {axis = 1 : i64} : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %shape = onnx.node "Shape" opset 17 (%all) {start = 1 : i64} : (tensor<2x?xf32>) -> tensor<1xi64>
  %to = onnx.node "Concat" opset 17 (%shape, %two) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %y = onnx.node "Reshape" opset 17 (%all, %to) {} : (tensor<2x?xf32>, tensor<2xi64>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Two names for one size: the sum says they are equal, and the run checks it.
// CHECK-LABEL: func.func @names_unified_by_an_addition
// CHECK-SAME: pleat.dim_equal = {{\[\[}}"n", "m"]]
// CHECK: %[[N:.+]] = tensor.dim %{{.+}}
// CHECK: tensor.empty(%[[N]]) : tensor<?x3xf32>
func.func @names_unified_by_an_addition(%a: tensor<?x3xf32> {onnx.name = "a", onnx.dims = ["n", 3]},
                                        %b: tensor<?x3xf32> {onnx.name = "b", onnx.dims = ["m", 3]})
    -> (tensor<?x3xf32> {onnx.name = "y", onnx.dims = ["m", 3]}) {
  %y = onnx.node "Add" opset 17 (%a, %b) {} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// A size pinned by a constant is static from there on; the argument keeps its type.
// CHECK-LABEL: func.func @dimension_pinned_to_a_constant
// CHECK-SAME: %[[X:.+]]: tensor<?xf32> {pleat.dims = ["n"]
// CHECK-SAME: -> (tensor<5xf32> {pleat.dims = [5]
// CHECK-SAME: pleat.dim_equal = {{\[\[}}"n", "5"]]
// CHECK: tensor.cast %[[X]] : tensor<?xf32> to tensor<5xf32>
func.func @dimension_pinned_to_a_constant(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]})
    -> (tensor<?xf32> {onnx.name = "y", onnx.dims = ["n"]}) {
  %w = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %y = onnx.node "Mul" opset 17 (%x, %w) {} : (tensor<?xf32>, tensor<5xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// An expression in an input's dimension is one, wherever its symbol is declared.
// CHECK-LABEL: func.func @expression_in_a_dimension
// CHECK-NOT: pleat.dim_equal
// CHECK-SAME: -> (tensor<?xf32> {pleat.dims = ["s + 1"]
func.func @expression_in_a_dimension(%mask: tensor<?xf32> {onnx.name = "mask", onnx.dims = ["s + 1"]},
                                     %past: tensor<?xf32> {onnx.name = "past", onnx.dims = ["s"]},
                                     %new: tensor<1xf32> {onnx.name = "new", onnx.dims = [1]})
    -> (tensor<?xf32> {onnx.name = "y", onnx.dims = ["s + 1"]}) {
  %all = onnx.node "Concat" opset 17 (%past, %new) {axis = 0 : i64} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
  %y = onnx.node "Add" opset 17 (%all, %mask) {} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// The last two elements: shorter inputs are refused at run time, so the size is 2.
// CHECK-LABEL: func.func @last_two_elements
// CHECK-SAME: -> (tensor<2xf32>
// CHECK-SAME: pleat.dim_equal = {{\[\[}}"max(n, 2)", "n"]]
// CHECK: tensor.extract_slice %{{.+}}[%{{.+}}] [2] [1] : tensor<?xf32> to tensor<2xf32>
func.func @last_two_elements(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]})
    -> (tensor<?xf32> {onnx.name = "y", onnx.dims = ["k"]}) {
  %start = arith.constant dense<-2> : tensor<1xi64>
  %end = arith.constant dense<9223372036854775807> : tensor<1xi64>
  %y = onnx.node "Slice" opset 17 (%x, %start, %end) {} : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -1 divides products of dimensions exactly.
// CHECK-LABEL: func.func @open_size_of_a_product
// CHECK-SAME: -> (tensor<?x?x4xf32> {pleat.dims = ["m", "n", 4]
func.func @open_size_of_a_product(%x: tensor<?x?xf32> {onnx.name = "x", onnx.dims = ["n", "k"]},
                                  %z: tensor<?x?x4xf32> {onnx.name = "z", onnx.dims = ["m", "n", 4]})
    -> (tensor<?x?x4xf32> {onnx.name = "y", onnx.dims = ["a", "b", 4]}) {
  %axis = arith.constant dense<0> : tensor<i64>
  %tail = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %open = arith.constant dense<-1> : tensor<1xi64>
  %four = arith.constant dense<4> : tensor<1xi64>
  %flat = onnx.node "Reshape" opset 17 (%z, %tail) {} : (tensor<?x?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %n = onnx.node "Shape" opset 17 (%x) {start = 0 : i64, end = 1 : i64} : (tensor<?x?xf32>) -> tensor<1xi64>
  %to = onnx.node "Concat" opset 17 (%open, %n, %four) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.node "Reshape" opset 17 (%flat, %to) {} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// The reshape was traced with batch 1, and the addition says so: b*n is n.
// CHECK-LABEL: func.func @common_factor_of_an_equality
// CHECK-SAME: -> (tensor<1x?x4xf32> {pleat.dims = [1, "n", 4]
// CHECK-SAME: pleat.dim_equal = {{\[\[}}"b", "1"]]
func.func @common_factor_of_an_equality(%x: tensor<?x?x4xf32> {onnx.name = "x", onnx.dims = ["b", "n", 4]},
                                        %z: tensor<?x4xf32> {onnx.name = "z", onnx.dims = ["n", 4]})
    -> (tensor<1x?x4xf32> {onnx.name = "y", onnx.dims = [1, "n", 4]}) {
  %to = arith.constant dense<[1, -1, 4]> : tensor<3xi64>
  %r = onnx.node "Reshape" opset 17 (%x, %to) {} : (tensor<?x?x4xf32>, tensor<3xi64>) -> tensor<1x?x4xf32>
  %y = onnx.node "Add" opset 17 (%r, %z) {} : (tensor<1x?x4xf32>, tensor<?x4xf32>) -> tensor<1x?x4xf32>
  return %y : tensor<1x?x4xf32>
}

// What the products would have forced, raised attention forces: both caches have one length.
// CHECK-LABEL: func.func @attention_unifies_cache_lengths
// CHECK-SAME: pleat.dim_equal = {{\[\[}}"p", "r"]]
// CHECK: pleat.attention
func.func @attention_unifies_cache_lengths(%q: tensor<1x2x1x4xf32> {onnx.name = "q", onnx.dims = [1, 2, 1, 4]},
                                           %k: tensor<1x2x?x4xf32> {onnx.name = "k", onnx.dims = [1, 2, "p", 4]},
                                           %v: tensor<1x2x?x3xf32> {onnx.name = "v", onnx.dims = [1, 2, "r", 3]})
    -> (tensor<1x2x1x3xf32> {onnx.name = "y", onnx.dims = [1, 2, 1, 3]}) {
  %y = onnx.node "Attention" domain "pleat" opset 1 (%q, %k, %v) {scale = 0.5 : f32}
      : (tensor<1x2x1x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x3xf32>) -> tensor<1x2x1x3xf32>
  return %y : tensor<1x2x1x3xf32>
}
