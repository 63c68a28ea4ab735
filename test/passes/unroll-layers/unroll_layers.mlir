// RUN: %pleat-opt %s --pleat-unroll-layers | %FileCheck %s
// Every iteration is written out.

// CHECK-LABEL: @stacked_and_collected
// CHECK-SAME: %[[X:.+]]: tensor<3xf32>, %[[A:.+]]: tensor<3xf32>, %[[B:.+]]: tensor<3xf32>
func.func @stacked_and_collected(%x: tensor<3xf32>, %a: tensor<3xf32>, %b: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  // CHECK-NOT: pleat.repeat
  %s = pleat.stack %a, %b : tensor<3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  // CHECK: %[[FIRST:.+]] = pleat.sum %[[X]], %[[A]]
  // CHECK: %[[SECOND:.+]] = pleat.sum %[[FIRST]], %[[B]]
  %r:2 = pleat.repeat 2 carried(%x) stacked(%s) : (tensor<3xf32>, tensor<2x3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
  ^bb0(%h: tensor<3xf32>, %w: tensor<3xf32>):
    %y = pleat.sum %h, %w : tensor<3xf32>
    pleat.yield %y, %h : tensor<3xf32>, tensor<3xf32>
  }
  // What iteration 1 collected is what it was given.
  %c = pleat.unstack %r#1[1] : tensor<2x3xf32> -> tensor<3xf32>
  // CHECK: return %[[SECOND]], %[[FIRST]]
  return %r#0, %c : tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: @one_iteration
func.func @one_iteration(%x: tensor<5xf32>) -> tensor<5xf32> {
  // CHECK-NEXT: %[[Y:.+]] = pleat.sum
  // CHECK-NEXT: return %[[Y]]
  %r = pleat.repeat 1 carried(%x) stacked() : (tensor<5xf32>) -> tensor<5xf32> {
  ^bb0(%h: tensor<5xf32>):
    %y = pleat.sum %h, %h : tensor<5xf32>
    pleat.yield %y : tensor<5xf32>
  }
  return %r : tensor<5xf32>
}

// CHECK-LABEL: @negative_no_repeat
func.func @negative_no_repeat(%x: tensor<5xf32>) -> tensor<5xf32> {
  // CHECK-NEXT: return
  return %x : tensor<5xf32>
}
