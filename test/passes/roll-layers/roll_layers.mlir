// RUN: %pleat-opt %s --split-input-file --pleat-roll-layers | %FileCheck %s
// RUN: %pleat-opt %s --split-input-file --pleat-roll-layers --pleat-unroll-layers | %FileCheck %s --check-prefix=BACK
// Layers that follow each other become one repeat; unrolling gives them back.

// Distinct weights are stacked, a bias that all layers read is shared.
// CHECK-LABEL: @distinct_weights_and_a_shared_bias
// CHECK-SAME: %[[X:.+]]: tensor<?x8xf32> {{.+}}, %[[BIAS:.+]]: tensor<8xf32>
// BACK-LABEL: @distinct_weights_and_a_shared_bias
// BACK-SAME: %[[X:.+]]: tensor<?x8xf32> {{.+}}, %[[BIAS:.+]]: tensor<8xf32>
func.func @distinct_weights_and_a_shared_bias(%x: tensor<?x8xf32> {pleat.dims = ["n", 8]}, %bias: tensor<8xf32>) -> tensor<?x8xf32> {
  // CHECK: %[[A:.+]] = pleat.weight "b3:0a"
  // CHECK: %[[B:.+]] = pleat.weight "b3:0b"
  // CHECK: %[[C:.+]] = pleat.weight "b3:0c"
  // BACK: %[[A:.+]] = pleat.weight "b3:0a"
  // BACK: %[[B:.+]] = pleat.weight "b3:0b"
  // BACK: %[[C:.+]] = pleat.weight "b3:0c"
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  %c = pleat.weight "b3:0c" : tensor<8x8xf32>
  // CHECK: %[[S:.+]] = pleat.stack %[[A]], %[[B]], %[[C]]
  // CHECK: %[[R:.+]] = pleat.repeat 3 carried(%[[X]]) stacked(%[[S]])
  // CHECK-NEXT: ^bb0(%[[H:.+]]: tensor<?x8xf32>, %[[W:.+]]: tensor<8x8xf32>):
  // CHECK-NEXT: %[[L:.+]] = pleat.linear %[[H]], %[[W]] bias %[[BIAS]]
  // CHECK-NEXT: %[[T:.+]] = pleat.activation <silu> %[[L]]
  // CHECK-NEXT: pleat.yield %[[T]]
  // CHECK: return %[[R]]
  // BACK: pleat.linear %[[X]], %[[A]] bias %[[BIAS]]
  // BACK: pleat.linear %{{.+}}, %[[B]] bias %[[BIAS]]
  // BACK: pleat.linear %{{.+}}, %[[C]] bias %[[BIAS]]
  // BACK-NOT: pleat.repeat
  %1 = pleat.linear %x, %a bias %bias : tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %2 = pleat.activation <silu> %1 : tensor<?x8xf32>
  %3 = pleat.linear %2, %b bias %bias : tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %4 = pleat.activation <silu> %3 : tensor<?x8xf32>
  %5 = pleat.linear %4, %c bias %bias : tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %6 = pleat.activation <silu> %5 : tensor<?x8xf32>
  return %6 : tensor<?x8xf32>
}

// -----

// ALBERT: all layers read one weight, so nothing is stacked.
// CHECK-LABEL: @one_weight_for_all_layers
func.func @one_weight_for_all_layers(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[W:.+]] = pleat.weight
  %w = pleat.weight "b3:0a" : tensor<8x8xf32>
  // CHECK-NOT: pleat.stack
  // CHECK: pleat.repeat 2 carried(%{{.+}}) stacked()
  // CHECK: pleat.linear %{{.+}}, %[[W]]
  %1 = pleat.linear %x, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
  %3 = pleat.linear %2, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %4 = pleat.activation <relu> %3 : tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// -----

// Each layer's inner value is returned, as a key or value for the cache is: it is collected.
// CHECK-LABEL: @inner_values_are_collected
// BACK-LABEL: @inner_values_are_collected
func.func @inner_values_are_collected(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  // CHECK: %[[R:.+]]:2 = pleat.repeat 2 {{.+}} -> (tensor<4x8xf32>, tensor<2x4x8xf32>)
  // CHECK: %[[KEY:.+]] = pleat.linear
  // CHECK: %[[H:.+]] = pleat.activation <relu> %[[KEY]]
  // CHECK: pleat.yield %[[H]], %[[KEY]]
  // CHECK-DAG: %[[FIRST:.+]] = pleat.unstack %[[R]]#1[0]
  // CHECK-DAG: %[[SECOND:.+]] = pleat.unstack %[[R]]#1[1]
  // CHECK: return %[[R]]#0, %[[FIRST]], %[[SECOND]]
  // BACK: %[[FIRST:.+]] = pleat.linear
  // BACK: %[[SECOND:.+]] = pleat.linear
  // BACK: return %{{.+}}, %[[FIRST]], %[[SECOND]]
  %1 = pleat.linear %x, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
  %3 = pleat.linear %2, %b : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %4 = pleat.activation <relu> %3 : tensor<4x8xf32>
  return %4, %1, %3 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Layers may stand behind something else and before something else.
// CHECK-LABEL: @other_ops_around_the_layers
func.func @other_ops_around_the_layers(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  // CHECK: %[[P:.+]] = pleat.softmax
  %p = pleat.softmax %x : tensor<4x8xf32>
  // CHECK: %[[R:.+]] = pleat.repeat 2 carried(%[[P]])
  %1 = pleat.linear %p, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <gelu_erf> %1 : tensor<4x8xf32>
  %3 = pleat.linear %2, %b : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %4 = pleat.activation <gelu_erf> %3 : tensor<4x8xf32>
  // CHECK: pleat.softmax %[[R]] {log}
  %q = pleat.softmax %4 {log} : tensor<4x8xf32>
  return %q : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @negative_activations_differ
func.func @negative_activations_differ(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  // CHECK-NOT: pleat.repeat
  %1 = pleat.linear %x, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
  %3 = pleat.linear %2, %b : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %4 = pleat.activation <silu> %3 : tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @negative_weights_differ_in_type
func.func @negative_weights_differ_in_type(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x6xf32>
  // CHECK-NOT: pleat.repeat
  %1 = pleat.linear %x, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
  %3 = pleat.linear %2, %b : tensor<4x8xf32>, tensor<8x6xf32> -> tensor<4x6xf32>
  %4 = pleat.activation <relu> %3 : tensor<4x6xf32>
  return %4 : tensor<4x6xf32>
}

// -----

// Branches of one input are layers that hand nothing on.
// CHECK-LABEL: @branches_side_by_side
// CHECK-SAME: %[[X:.+]]: tensor<4x8xf32>
func.func @branches_side_by_side(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  // CHECK: pleat.repeat 2 carried() stacked(%{{.+}}) : (tensor<2x8x8xf32>) -> tensor<2x4x8xf32>
  // CHECK: pleat.linear %[[X]], %{{.+}}
  %1 = pleat.linear %x, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
  %3 = pleat.linear %x, %b : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %4 = pleat.activation <relu> %3 : tensor<4x8xf32>
  return %2, %4 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Types agree, sizes do not: the slices of a stack have one shape.
// CHECK-LABEL: @negative_dynamic_sizes_differ
func.func @negative_dynamic_sizes_differ(%x: tensor<?x8xf32> {pleat.dims = ["n", 8]}, %y: tensor<?x8xf32> {pleat.dims = ["m", 8]})
    -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  // CHECK-NOT: pleat.repeat
  %1 = pleat.linear %x, %a : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<?x8xf32>
  %3 = pleat.linear %y, %b : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  %4 = pleat.activation <relu> %3 : tensor<?x8xf32>
  return %2, %4 : tensor<?x8xf32>, tensor<?x8xf32>
}
