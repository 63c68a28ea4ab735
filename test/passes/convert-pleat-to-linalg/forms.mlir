// RUN: %pleat-opt %s --split-input-file --convert-pleat-to-linalg | %FileCheck %s

// The form of what comes out, where it matters to later passes. What it computes is checked
// by test/unit/passes/Conversion/PleatToLinalgTest.cpp, which runs every op.

// A transposed weight is read in place, not transposed in memory.
// CHECK-LABEL: @transposed_weight
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @transposed_weight(%x: tensor<2x3xf32>, %w: tensor<5x3xf32>) -> tensor<2x5xf32> {
  %t = pleat.transposed %w : tensor<5x3xf32>
  %y = pleat.linear %x, %t : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

// Softmax stores one largest element and one sum a row, and no row of exponentials.
// CHECK-LABEL: @softmax
// CHECK: tensor.empty() : tensor<4xf32>
// CHECK: tensor.empty() : tensor<4xf32>
// CHECK: tensor.empty() : tensor<4x7xf32>
// CHECK-NOT: tensor.empty()
func.func @softmax(%x: tensor<4x7xf32>) -> tensor<4x7xf32> {
  %y = pleat.softmax %x : tensor<4x7xf32>
  return %y : tensor<4x7xf32>
}

// -----

// References to the weight store and launches of kernels stay.
// CHECK-LABEL: @negative_stays
// CHECK-DAG: pleat.weight "b3:01"
// CHECK-DAG: arith.constant dense<2.000000e+00> : tensor<3xf32>
func.func @negative_stays() -> (tensor<3xf32>, tensor<3xf32>) {
  %stored = pleat.weight "b3:01" : tensor<3xf32>
  %literal = pleat.weight literal dense<2.0> : tensor<3xf32>
  return %stored, %literal : tensor<3xf32>, tensor<3xf32>
}
