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

// -----

// What a row of f16 is reduced to is f32; only the result is f16.
// CHECK-LABEL: @narrow_softmax
// CHECK: tensor.empty() : tensor<4xf32>
// CHECK: tensor.empty() : tensor<4xf32>
// CHECK: tensor.empty() : tensor<4x7xf16>
// CHECK: arith.divf {{.+}} : f32
// CHECK: arith.truncf
func.func @narrow_softmax(%x: tensor<4x7xf16>) -> tensor<4x7xf16> {
  %y = pleat.softmax %x : tensor<4x7xf16>
  return %y : tensor<4x7xf16>
}

// -----

// So are the scores of attention, and the sums over values.
// CHECK-LABEL: @narrow_attention
// CHECK: linalg.fill {{.+}} tensor<1x2x1x5x7xf32>
// CHECK: linalg.fill {{.+}} tensor<1x2x1x5x6xf32>
// CHECK: arith.truncf
// CHECK-NOT: arith.truncf
func.func @narrow_attention(%q: tensor<1x2x5x4xf16>, %k: tensor<1x2x7x4xf16>, %v: tensor<1x2x7x6xf16>) -> tensor<1x2x5x6xf16> {
  %y = pleat.attention %q, %k, %v {scale = 0.5 : f32}
         : tensor<1x2x5x4xf16>, tensor<1x2x7x4xf16>, tensor<1x2x7x6xf16> -> tensor<1x2x5x6xf16>
  return %y : tensor<1x2x5x6xf16>
}
