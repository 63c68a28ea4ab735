// RUN: %pleat-opt %s | %pleat-opt | %FileCheck %s
// Repetition, stacks, reshapes and launches print as they were written.

// A body with everything: a carried value, a slice of a stack, a shared value from outside,
// and one value collected per iteration.
// CHECK-LABEL: @repeat
// CHECK-SAME: %[[X:.+]]: tensor<?x3xf32>, %[[WS:.+]]: tensor<5x3x3xf32>, %[[SHARED:.+]]: tensor<3xf32>
func.func @repeat(%x: tensor<?x3xf32>, %ws: tensor<5x3x3xf32>, %shared: tensor<3xf32>)
    -> (tensor<?x3xf32>, tensor<5x?x3xf32>) {
  // CHECK: %[[R:.+]]:2 = pleat.repeat 5 carried(%[[X]]) stacked(%[[WS]]) : (tensor<?x3xf32>, tensor<5x3x3xf32>) -> (tensor<?x3xf32>, tensor<5x?x3xf32>) {
  %r:2 = pleat.repeat 5 carried(%x) stacked(%ws) : (tensor<?x3xf32>, tensor<5x3x3xf32>) -> (tensor<?x3xf32>, tensor<5x?x3xf32>) {
  // CHECK-NEXT: ^bb0(%[[H:.+]]: tensor<?x3xf32>, %[[W:.+]]: tensor<3x3xf32>):
  ^bb0(%h: tensor<?x3xf32>, %w: tensor<3x3xf32>):
    // CHECK-NEXT: %[[Y:.+]] = pleat.linear %[[H]], %[[W]] bias %[[SHARED]]
    %y = pleat.linear %h, %w bias %shared : tensor<?x3xf32>, tensor<3x3xf32>, tensor<3xf32> -> tensor<?x3xf32>
    // CHECK-NEXT: pleat.yield %[[Y]], %[[H]] : tensor<?x3xf32>, tensor<?x3xf32>
    pleat.yield %y, %h : tensor<?x3xf32>, tensor<?x3xf32>
  }
  // CHECK: return %[[R]]#0, %[[R]]#1
  return %r#0, %r#1 : tensor<?x3xf32>, tensor<5x?x3xf32>
}

// Layers that share one set of weights have no stack.
// CHECK-LABEL: @repeat_without_stack
func.func @repeat_without_stack(%x: tensor<7x3xf32>, %w: tensor<3x3xf32>) -> tensor<7x3xf32> {
  // CHECK: pleat.repeat 1 carried(%{{.+}}) stacked() : (tensor<7x3xf32>) -> tensor<7x3xf32> {
  %y = pleat.repeat 1 carried(%x) stacked() : (tensor<7x3xf32>) -> tensor<7x3xf32> {
  ^bb0(%h: tensor<7x3xf32>):
    %r = pleat.linear %h, %w : tensor<7x3xf32>, tensor<3x3xf32> -> tensor<7x3xf32>
    pleat.yield %r : tensor<7x3xf32>
  }
  return %y : tensor<7x3xf32>
}

// CHECK-LABEL: @stack_and_unstack
func.func @stack_and_unstack(%a: tensor<3x5xf32>, %b: tensor<3x5xf32>) -> tensor<3x5xf32> {
  // CHECK: %[[S:.+]] = pleat.stack %{{.+}}, %{{.+}} : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<2x3x5xf32>
  %s = pleat.stack %a, %b : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<2x3x5xf32>
  // CHECK: pleat.unstack %[[S]][1] : tensor<2x3x5xf32> -> tensor<3x5xf32>
  %u = pleat.unstack %s[1] : tensor<2x3x5xf32> -> tensor<3x5xf32>
  return %u : tensor<3x5xf32>
}

// CHECK-LABEL: @append
// CHECK-SAME: %[[PAST:.+]]: tensor<?x4x?x8xf32>, %[[NEW:.+]]: tensor<2x4x3x8xf32>
func.func @append(%past: tensor<?x4x?x8xf32>, %new: tensor<2x4x3x8xf32>) -> tensor<2x4x?x8xf32> {
  // CHECK: pleat.append %[[PAST]], %[[NEW]] axis 2 : tensor<?x4x?x8xf32>, tensor<2x4x3x8xf32> -> tensor<2x4x?x8xf32>
  %y = pleat.append %past, %new axis 2 : tensor<?x4x?x8xf32>, tensor<2x4x3x8xf32> -> tensor<2x4x?x8xf32>
  return %y : tensor<2x4x?x8xf32>
}

// CHECK-LABEL: @append_static_sizes
func.func @append_static_sizes(%past: tensor<5x2xf32>, %new: tensor<3x2xf32>) -> tensor<8x2xf32> {
  // CHECK: pleat.append %{{.+}}, %{{.+}} axis 0
  %y = pleat.append %past, %new axis 0 : tensor<5x2xf32>, tensor<3x2xf32> -> tensor<8x2xf32>
  return %y : tensor<8x2xf32>
}

// CHECK-LABEL: @reshape
// CHECK-SAME: %[[X:.+]]: tensor<?x?x6xf32>, %[[B:.+]]: index, %[[S:.+]]: index
func.func @reshape(%x: tensor<?x?x6xf32>, %b: index, %s: index) -> tensor<?x?x2x3xf32> {
  // CHECK: pleat.reshape %[[X]][%[[B]], %[[S]]] : tensor<?x?x6xf32> -> tensor<?x?x2x3xf32>
  %y = pleat.reshape %x [%b, %s] : tensor<?x?x6xf32> -> tensor<?x?x2x3xf32>
  return %y : tensor<?x?x2x3xf32>
}

// CHECK-LABEL: @reshape_to_a_scalar
func.func @reshape_to_a_scalar(%x: tensor<1x1xf32>) -> tensor<f32> {
  // CHECK: pleat.reshape %{{.+}} : tensor<1x1xf32> -> tensor<f32>
  %y = pleat.reshape %x : tensor<1x1xf32> -> tensor<f32>
  return %y : tensor<f32>
}

func.func private @kernel(%x: tensor<?x3xf32>, %w: tensor<3x5xf32>) -> tensor<?x5xf32> attributes {pleat.kernel}

// CHECK-LABEL: @launch
// CHECK-SAME: %[[X:.+]]: tensor<?x3xf32>, %[[W:.+]]: tensor<3x5xf32>, %[[T:.+]]: index
func.func @launch(%x: tensor<?x3xf32>, %w: tensor<3x5xf32>, %t: index) -> tensor<?x5xf32> {
  // CHECK: pleat.launch @kernel(%[[X]], %[[W]]) sizes(%[[T]]) : (tensor<?x3xf32>, tensor<3x5xf32>) -> tensor<?x5xf32>
  %y = pleat.launch @kernel(%x, %w) sizes(%t) : (tensor<?x3xf32>, tensor<3x5xf32>) -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}
