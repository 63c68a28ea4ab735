// RUN: %pleat-opt --pleat-raise-rotary %s | %FileCheck %s
// A rotation of pairs is found in each form that exporters write, and only where all parts
// belong together and angles are proven to be those of pairs.

// Neighbours as an axis of size 2, taken apart by Split and joined by Concat.
// CHECK-LABEL: func.func @neighbours_split_and_joined
// CHECK-SAME: (%[[X:.+]]: tensor<1x3x?x8xf32> {{.+}}, %[[COS:.+]]: tensor<1x1x?x4xf32> {{.+}}, %[[SIN:.+]]: tensor<1x1x?x4xf32> {{.+}}) ->
// CHECK-NOT: onnx.node
// CHECK: %[[Y:.+]] = onnx.node "Rotary" domain "pleat" opset 1(%[[X]], %[[COS]], %[[SIN]]) {interleaved}
// CHECK-NEXT: return %[[Y]]
func.func @neighbours_split_and_joined(%x: tensor<1x3x?x8xf32> {onnx.dims = [1, 3, "S", 8]},
    %cos: tensor<1x1x?x4xf32> {onnx.dims = [1, 1, "S", 4]}, %sin: tensor<1x1x?x4xf32> {onnx.dims = [1, 1, "S", 4]})
    -> tensor<1x3x?x8xf32> {
  %pairs = arith.constant dense<[0, 0, 0, 4, 2]> : tensor<5xi64>
  %flat = arith.constant dense<[0, 0, 0, 8]> : tensor<4xi64>
  %last = arith.constant dense<-1> : tensor<1xi64>
  %ones = arith.constant dense<1> : tensor<2xi64>
  %p = onnx.node "Reshape" opset 17 (%x, %pairs) {} : (tensor<1x3x?x8xf32>, tensor<5xi64>) -> tensor<1x3x?x4x2xf32>
  %a1, %b1 = onnx.node "Split" opset 17 (%p, %ones) {axis = -1 : i64} : (tensor<1x3x?x4x2xf32>, tensor<2xi64>) -> (tensor<1x3x?x4x1xf32>, tensor<1x3x?x4x1xf32>)
  %a = onnx.node "Squeeze" opset 17 (%a1, %last) {} : (tensor<1x3x?x4x1xf32>, tensor<1xi64>) -> tensor<1x3x?x4xf32>
  %b = onnx.node "Squeeze" opset 17 (%b1, %last) {} : (tensor<1x3x?x4x1xf32>, tensor<1xi64>) -> tensor<1x3x?x4xf32>
  %ac = onnx.node "Mul" opset 17 (%a, %cos) {} : (tensor<1x3x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<1x3x?x4xf32>
  %bs = onnx.node "Mul" opset 17 (%sin, %b) {} : (tensor<1x1x?x4xf32>, tensor<1x3x?x4xf32>) -> tensor<1x3x?x4xf32>
  %r = onnx.node "Sub" opset 17 (%ac, %bs) {} : (tensor<1x3x?x4xf32>, tensor<1x3x?x4xf32>) -> tensor<1x3x?x4xf32>
  %as = onnx.node "Mul" opset 17 (%a, %sin) {} : (tensor<1x3x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<1x3x?x4xf32>
  %bc = onnx.node "Mul" opset 17 (%b, %cos) {} : (tensor<1x3x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<1x3x?x4xf32>
  %i = onnx.node "Add" opset 17 (%bc, %as) {} : (tensor<1x3x?x4xf32>, tensor<1x3x?x4xf32>) -> tensor<1x3x?x4xf32>
  %r1 = onnx.node "Unsqueeze" opset 17 (%r, %last) {} : (tensor<1x3x?x4xf32>, tensor<1xi64>) -> tensor<1x3x?x4x1xf32>
  %i1 = onnx.node "Unsqueeze" opset 17 (%i, %last) {} : (tensor<1x3x?x4xf32>, tensor<1xi64>) -> tensor<1x3x?x4x1xf32>
  %j = onnx.node "Concat" opset 17 (%r1, %i1) {axis = -1 : i64} : (tensor<1x3x?x4x1xf32>, tensor<1x3x?x4x1xf32>) -> tensor<1x3x?x4x2xf32>
  %y = onnx.node "Reshape" opset 17 (%j, %flat) {} : (tensor<1x3x?x4x2xf32>, tensor<4xi64>) -> tensor<1x3x?x8xf32>
  return %y : tensor<1x3x?x8xf32>
}

// Halves turned by Neg and Concat; the frequencies stand twice before Cos and Sin.
// CHECK-LABEL: func.func @halves_with_repeated_frequencies
// CHECK-SAME: %[[X:.+]]: tensor<2x3x5x6xf32>, %[[F:.+]]: tensor<2x5x3xf32>
// CHECK: %[[COS:.+]] = onnx.node "Cos" opset 18(%[[F]])
// CHECK: %[[SIN:.+]] = onnx.node "Sin" opset 18(%[[F]])
// CHECK: %[[C:.+]] = onnx.node "Unsqueeze" opset 18(%[[COS]],
// CHECK: %[[S:.+]] = onnx.node "Unsqueeze" opset 18(%[[SIN]],
// CHECK: %[[Y:.+]] = onnx.node "Rotary" domain "pleat" opset 1(%[[X]], %[[C]], %[[S]]) {} : (tensor<2x3x5x6xf32>, tensor<2x1x5x3xf32>, tensor<2x1x5x3xf32>)
// CHECK-NEXT: return %[[Y]]
func.func @halves_with_repeated_frequencies(%x: tensor<2x3x5x6xf32>, %f: tensor<2x5x3xf32>) -> tensor<2x3x5x6xf32> {
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %three = arith.constant dense<3> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %end = arith.constant dense<9223372036854775807> : tensor<1xi64>
  %ff = onnx.node "Concat" opset 18 (%f, %f) {axis = -1 : i64} : (tensor<2x5x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x6xf32>
  %c = onnx.node "Cos" opset 18 (%ff) {} : (tensor<2x5x6xf32>) -> tensor<2x5x6xf32>
  %s = onnx.node "Sin" opset 18 (%ff) {} : (tensor<2x5x6xf32>) -> tensor<2x5x6xf32>
  %cos = onnx.node "Unsqueeze" opset 18 (%c, %one) {} : (tensor<2x5x6xf32>, tensor<1xi64>) -> tensor<2x1x5x6xf32>
  %sin = onnx.node "Unsqueeze" opset 18 (%s, %one) {} : (tensor<2x5x6xf32>, tensor<1xi64>) -> tensor<2x1x5x6xf32>
  %a = onnx.node "Slice" opset 18 (%x, %zero, %three, %axis, %one) {} : (tensor<2x3x5x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x5x3xf32>
  %b = onnx.node "Slice" opset 18 (%x, %three, %end, %axis, %one) {} : (tensor<2x3x5x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x5x3xf32>
  %n = onnx.node "Neg" opset 18 (%b) {} : (tensor<2x3x5x3xf32>) -> tensor<2x3x5x3xf32>
  %turned = onnx.node "Concat" opset 18 (%n, %a) {axis = 3 : i64} : (tensor<2x3x5x3xf32>, tensor<2x3x5x3xf32>) -> tensor<2x3x5x6xf32>
  %xc = onnx.node "Mul" opset 18 (%x, %cos) {} : (tensor<2x3x5x6xf32>, tensor<2x1x5x6xf32>) -> tensor<2x3x5x6xf32>
  %ts = onnx.node "Mul" opset 18 (%turned, %sin) {} : (tensor<2x3x5x6xf32>, tensor<2x1x5x6xf32>) -> tensor<2x3x5x6xf32>
  %y = onnx.node "Add" opset 18 (%xc, %ts) {} : (tensor<2x3x5x6xf32>, tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  return %y : tensor<2x3x5x6xf32>
}

// Rows of a table whose halves are equal, and a constant whose are.
// CHECK-LABEL: func.func @halves_with_angles_from_tables
// CHECK-SAME: %[[X:.+]]: tensor<1x3x2x4xf32>, %[[IDS:.+]]: tensor<2xi64>
// CHECK: %[[ROWS:.+]] = onnx.node "Gather" opset 18(%{{.+}}, %[[IDS]])
// CHECK: %[[COS:.+]] = onnx.node "Slice" opset 13(%[[ROWS]],
// CHECK-SAME: -> tensor<2x2xf32>
// CHECK: onnx.node "Rotary"
func.func @halves_with_angles_from_tables(%x: tensor<1x3x2x4xf32>, %ids: tensor<2xi64>) -> tensor<1x3x2x4xf32> {
  %table = pleat.weight literal dense<[[1.0, 0.5, 1.0, 0.5], [0.8, 0.3, 0.8, 0.3], [0.7, 0.1, 0.7, 0.1]]> : tensor<3x4xf32>
  %sin = arith.constant dense<[[0.2, 0.4, 0.2, 0.4], [0.1, 0.9, 0.1, 0.9]]> : tensor<2x4xf32>
  %cos = onnx.node "Gather" opset 18 (%table, %ids) {axis = 0 : i64} : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  %a, %b = onnx.node "Split" opset 18 (%x) {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x3x2x4xf32>) -> (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>)
  %n = onnx.node "Neg" opset 18 (%b) {} : (tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %turned = onnx.node "Concat" opset 18 (%n, %a) {axis = -1 : i64} : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x4xf32>
  %xc = onnx.node "Mul" opset 18 (%cos, %x) {} : (tensor<2x4xf32>, tensor<1x3x2x4xf32>) -> tensor<1x3x2x4xf32>
  %ts = onnx.node "Mul" opset 18 (%turned, %sin) {} : (tensor<1x3x2x4xf32>, tensor<2x4xf32>) -> tensor<1x3x2x4xf32>
  %y = onnx.node "Add" opset 18 (%ts, %xc) {} : (tensor<1x3x2x4xf32>, tensor<1x3x2x4xf32>) -> tensor<1x3x2x4xf32>
  return %y : tensor<1x3x2x4xf32>
}

// CHECK-LABEL: func.func @standard_op
// CHECK: onnx.node "Rotary" domain "pleat" opset 1(%{{.+}}, %{{.+}}, %{{.+}}) {interleaved} : (tensor<2x3x5x6xf32>, tensor<2x1x5x3xf32>, tensor<2x1x5x3xf32>)
func.func @standard_op(%x: tensor<2x3x5x6xf32>, %cos: tensor<2x5x3xf32>, %sin: tensor<2x5x3xf32>) -> tensor<2x3x5x6xf32> {
  %y = onnx.node "RotaryEmbedding" opset 23 (%x, %cos, %sin) {interleaved = 1 : i64} : (tensor<2x3x5x6xf32>, tensor<2x5x3xf32>, tensor<2x5x3xf32>) -> tensor<2x3x5x6xf32>
  return %y : tensor<2x3x5x6xf32>
}

// A table whose halves differ in one number.
// CHECK-LABEL: func.func @negative_angles_differ_within_pairs
// CHECK-NOT: "Rotary"
// CHECK: return
func.func @negative_angles_differ_within_pairs(%x: tensor<1x3x1x4xf32>, %sin: tensor<1x4xf32>) -> tensor<1x3x1x4xf32> {
  %cos = arith.constant dense<[[0.8, 0.3, 0.8, 0.25]]> : tensor<1x4xf32>
  %a, %b = onnx.node "Split" opset 18 (%x) {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x3x1x4xf32>) -> (tensor<1x3x1x2xf32>, tensor<1x3x1x2xf32>)
  %n = onnx.node "Neg" opset 18 (%b) {} : (tensor<1x3x1x2xf32>) -> tensor<1x3x1x2xf32>
  %turned = onnx.node "Concat" opset 18 (%n, %a) {axis = -1 : i64} : (tensor<1x3x1x2xf32>, tensor<1x3x1x2xf32>) -> tensor<1x3x1x4xf32>
  %xc = onnx.node "Mul" opset 18 (%x, %cos) {} : (tensor<1x3x1x4xf32>, tensor<1x4xf32>) -> tensor<1x3x1x4xf32>
  %ts = onnx.node "Mul" opset 18 (%turned, %cos) {} : (tensor<1x3x1x4xf32>, tensor<1x4xf32>) -> tensor<1x3x1x4xf32>
  %y = onnx.node "Add" opset 18 (%xc, %ts) {} : (tensor<1x3x1x4xf32>, tensor<1x3x1x4xf32>) -> tensor<1x3x1x4xf32>
  return %y : tensor<1x3x1x4xf32>
}

// b sin - a cos: a reflection.
// CHECK-LABEL: func.func @negative_sum_in_place_of_difference
// CHECK-NOT: "Rotary"
// CHECK: return
func.func @negative_sum_in_place_of_difference(%x: tensor<1x2x5x6xf32>, %cos: tensor<5x3xf32>, %sin: tensor<5x3xf32>) -> tensor<1x2x5x6xf32> {
  %a, %b = onnx.node "Split" opset 18 (%x) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<1x2x5x6xf32>) -> (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>)
  %ac = onnx.node "Mul" opset 18 (%a, %cos) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %bs = onnx.node "Mul" opset 18 (%b, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %as = onnx.node "Mul" opset 18 (%a, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %bc = onnx.node "Mul" opset 18 (%b, %cos) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %p = onnx.node "Sub" opset 18 (%bs, %ac) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %q = onnx.node "Add" opset 18 (%as, %bc) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %y = onnx.node "Concat" opset 18 (%p, %q) {axis = -1 : i64} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x6xf32>
  return %y : tensor<1x2x5x6xf32>
}

// CHECK-LABEL: func.func @negative_angles_differ_between_heads
// CHECK-NOT: "Rotary"
// CHECK: return
func.func @negative_angles_differ_between_heads(%x: tensor<1x2x5x6xf32>, %cos: tensor<2x5x3xf32>, %sin: tensor<5x3xf32>) -> tensor<1x2x5x6xf32> {
  %a, %b = onnx.node "Split" opset 18 (%x) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<1x2x5x6xf32>) -> (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>)
  %ac = onnx.node "Mul" opset 18 (%a, %cos) {} : (tensor<1x2x5x3xf32>, tensor<2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %bs = onnx.node "Mul" opset 18 (%b, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %as = onnx.node "Mul" opset 18 (%a, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %bc = onnx.node "Mul" opset 18 (%b, %cos) {} : (tensor<1x2x5x3xf32>, tensor<2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %p = onnx.node "Sub" opset 18 (%ac, %bs) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %q = onnx.node "Add" opset 18 (%as, %bc) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %y = onnx.node "Concat" opset 18 (%p, %q) {axis = -1 : i64} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x6xf32>
  return %y : tensor<1x2x5x6xf32>
}

// CHECK-LABEL: func.func @negative_sides_of_two_tensors
// CHECK-NOT: "Rotary"
// CHECK: return
func.func @negative_sides_of_two_tensors(%x: tensor<1x2x5x6xf32>, %z: tensor<1x2x5x6xf32>, %cos: tensor<5x3xf32>, %sin: tensor<5x3xf32>) -> tensor<1x2x5x6xf32> {
  %a, %unused = onnx.node "Split" opset 18 (%x) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<1x2x5x6xf32>) -> (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>)
  %first, %b = onnx.node "Split" opset 18 (%z) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<1x2x5x6xf32>) -> (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>)
  %ac = onnx.node "Mul" opset 18 (%a, %cos) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %bs = onnx.node "Mul" opset 18 (%b, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %as = onnx.node "Mul" opset 18 (%a, %sin) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %bc = onnx.node "Mul" opset 18 (%b, %cos) {} : (tensor<1x2x5x3xf32>, tensor<5x3xf32>) -> tensor<1x2x5x3xf32>
  %p = onnx.node "Sub" opset 18 (%ac, %bs) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %q = onnx.node "Add" opset 18 (%as, %bc) {} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %y = onnx.node "Concat" opset 18 (%p, %q) {axis = -1 : i64} : (tensor<1x2x5x3xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x6xf32>
  return %y : tensor<1x2x5x6xf32>
}
