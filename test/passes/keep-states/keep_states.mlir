// RUN: %pleat-opt --pleat-keep-states %s -split-input-file | %FileCheck %s
// Which pairs append and which replace, and what is left of the concatenation.

// CHECK-LABEL: func.func @rows_behind_the_middle_axis
// CHECK-SAME: %[[PAST:.+]]: tensor<2x?x3xf32> {{{.*}}pleat.state = {axis = 1 : i64, result = 1 : i64}}
// CHECK-SAME: %[[NEW:.+]]: tensor<2x?x3xf32>
// CHECK-NOT: pleat.states
// CHECK-NEXT: %[[ALL:.+]] = pleat.append %[[PAST]], %[[NEW]] axis 1 : tensor<2x?x3xf32>, tensor<2x?x3xf32> -> tensor<2x?x3xf32>
// CHECK-NEXT: return %[[NEW]], %[[ALL]]
func.func @rows_behind_the_middle_axis(%past: tensor<2x?x3xf32> {pleat.name = "past", pleat.dims = [2, "p", 3]},
                                       %new: tensor<2x?x3xf32> {pleat.name = "new", pleat.dims = [2, "t", 3]})
    -> (tensor<2x?x3xf32> {pleat.name = "same", pleat.dims = [2, "t", 3]},
        tensor<2x?x3xf32> {pleat.name = "all", pleat.dims = [2, "p + t", 3]})
    attributes {pleat.states = [["past", "all"]]} {
  %c1 = arith.constant 1 : index
  %p = tensor.dim %past, %c1 : tensor<2x?x3xf32>
  %t = tensor.dim %new, %c1 : tensor<2x?x3xf32>
  %n = affine.apply affine_map<()[s0, s1] -> (s0 + s1)>()[%p, %t]
  %e = tensor.empty(%n) : tensor<2x?x3xf32>
  %a = tensor.insert_slice %past into %e[0, 0, 0] [2, %p, 3] [1, 1, 1] : tensor<2x?x3xf32> into tensor<2x?x3xf32>
  %b = tensor.insert_slice %new into %a[0, %p, 0] [2, %t, 3] [1, 1, 1] : tensor<2x?x3xf32> into tensor<2x?x3xf32>
  return %new, %b : tensor<2x?x3xf32>, tensor<2x?x3xf32>
}

// -----

// A batch that the model pins to 1 stands behind a cast.
// CHECK-LABEL: func.func @argument_behind_a_cast
// CHECK: pleat.append %{{.+}}, %{{.+}} axis 1 : tensor<?x?xf32>, tensor<1x4xf32> -> tensor<1x?xf32>
func.func @argument_behind_a_cast(%past: tensor<?x?xf32> {pleat.name = "past", pleat.dims = ["b", "p"]},
                                  %new: tensor<1x4xf32> {pleat.name = "new", pleat.dims = [1, 4]})
    -> (tensor<1x?xf32> {pleat.name = "all", pleat.dims = [1, "p + 4"]})
    attributes {pleat.states = [["past", "all"]], pleat.dim_equal = [["b", "1"]]} {
  %c1 = arith.constant 1 : index
  %cast = tensor.cast %past : tensor<?x?xf32> to tensor<1x?xf32>
  %p = tensor.dim %past, %c1 : tensor<?x?xf32>
  %n = affine.apply affine_map<()[s0] -> (s0 + 4)>()[%p]
  %e = tensor.empty(%n) : tensor<1x?xf32>
  %a = tensor.insert_slice %cast into %e[0, 0] [1, %p] [1, 1] : tensor<1x?xf32> into tensor<1x?xf32>
  %b = tensor.insert_slice %new into %a[0, %p] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<1x?xf32>
  return %b : tensor<1x?xf32>
}

// -----

// CHECK-LABEL: func.func @same_shape_replaces
// CHECK-SAME: pleat.state = {result = 0 : i64}
// CHECK-NOT: pleat.append
func.func @same_shape_replaces(%h: tensor<?x5xf32> {pleat.name = "h", pleat.dims = ["b", 5]})
    -> (tensor<?x5xf32> {pleat.name = "h.next", pleat.dims = ["b", 5]}) attributes {pleat.states = [["h", "h.next"]]} {
  %y = pleat.activation <tanh> %h : tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}
