// RUN: %pleat-opt %s --canonicalize | %FileCheck %s
// What folds, and what must not.

// CHECK-LABEL: @transposed_twice
// CHECK-SAME: %[[W:.+]]: tensor<3x5xf32>
func.func @transposed_twice(%w: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %t = pleat.transposed %w : tensor<3x5xf32>
  %tt = pleat.transposed %t : tensor<5x3xf32>
  // CHECK-NEXT: return %[[W]]
  return %tt : tensor<3x5xf32>
}

// CHECK-LABEL: @negative_transposed_once
func.func @negative_transposed_once(%w: tensor<3x3xf32>) -> tensor<3x3xf32> {
  // CHECK: pleat.transposed
  %t = pleat.transposed %w : tensor<3x3xf32>
  return %t : tensor<3x3xf32>
}

// CHECK-LABEL: @reshape_to_its_own_type
// CHECK-SAME: %[[X:.+]]: tensor<?x3xf32>
func.func @reshape_to_its_own_type(%x: tensor<?x3xf32>, %n: index) -> tensor<?x3xf32> {
  %y = pleat.reshape %x [%n] : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK-NEXT: return %[[X]]
  return %y : tensor<?x3xf32>
}

// With two unknown sizes the reshape may well move elements: 2x6 to 3x4.
// CHECK-LABEL: @negative_reshape_with_two_unknown_sizes
func.func @negative_reshape_with_two_unknown_sizes(%x: tensor<?x?xf32>, %m: index, %n: index) -> tensor<?x?xf32> {
  // CHECK: pleat.reshape
  %y = pleat.reshape %x [%m, %n] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: @reshape_of_a_reshape
// CHECK-SAME: %[[X:.+]]: tensor<2x6xf32>
func.func @reshape_of_a_reshape(%x: tensor<2x6xf32>) -> tensor<4x3xf32> {
  %flat = pleat.reshape %x : tensor<2x6xf32> -> tensor<12xf32>
  // CHECK-NEXT: %[[Y:.+]] = pleat.reshape %[[X]] : tensor<2x6xf32> -> tensor<4x3xf32>
  %y = pleat.reshape %flat : tensor<12xf32> -> tensor<4x3xf32>
  // CHECK-NEXT: return %[[Y]]
  return %y : tensor<4x3xf32>
}
