// RUN: %pleat-opt %s --split-input-file --pleat-decompose-svd=rank=3 | %FileCheck %s
// RUN: %pleat-opt %s --split-input-file --pleat-decompose-svd=rank=3 --remarks-filter-missed=pleat-decompose-svd --remark-policy=all 2>&1 >/dev/null | %FileCheck %s --check-prefix=REMARK

// When factors pay. They have 192 elements instead of 1024 throughout; what counts is time.

// One row: the second product's fixed cost is more than what reading less saves.
// CHECK-LABEL: func.func @negative_one_row
// CHECK-NOT: low_rank
// REMARK: AboveBreakEven
// REMARK-SAME: one stays dense: with M = 1, rank 3 takes about 894 ns, the matrix 558 ns
func.func @negative_one_row(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
  %w = pleat.weight {names = ["one"]} literal dense<1.0> : tensor<32x32xf32>
  %y = pleat.linear %x, %w : tensor<1x32xf32>, tensor<32x32xf32> -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// -----

// CHECK-LABEL: func.func @many_rows
// CHECK: low_rank
// REMARK-NOT: many
func.func @many_rows(%x: tensor<512x32xf32>) -> tensor<512x32xf32> {
  %w = pleat.weight {names = ["many"]} literal dense<1.0> : tensor<32x32xf32>
  %y = pleat.linear %x, %w : tensor<512x32xf32>, tensor<32x32xf32> -> tensor<512x32xf32>
  return %y : tensor<512x32xf32>
}

// -----

// Three columns are computed as sixteen: nothing is left of a saving where the matrix has as many.
// CHECK-LABEL: func.func @negative_padded_columns
// CHECK-NOT: low_rank
// REMARK: thin stays dense: with M = 512, rank 3 takes about 3585 ns, the matrix 2940 ns
func.func @negative_padded_columns(%x: tensor<512x31xf32>) -> tensor<512x16xf32> {
  %w = pleat.weight {names = ["thin"]} literal dense<1.0> : tensor<31x16xf32>
  %y = pleat.linear %x, %w : tensor<512x31xf32>, tensor<31x16xf32> -> tensor<512x16xf32>
  return %y : tensor<512x16xf32>
}

// -----

// Bounds of dimensions tell how few rows there may be.
// CHECK-LABEL: func.func @rows_within_bounds
// CHECK: low_rank
module attributes {pleat.dim_bounds = {n = array<i64: 128, 0>}} {
  func.func @rows_within_bounds(%x: tensor<4x?x32xf32> {pleat.name = "x", pleat.dims = [4, "n", 32]}) -> tensor<4x?x32xf32> {
    %w = pleat.weight {names = ["bounded"]} literal dense<1.0> : tensor<32x32xf32>
    %y = pleat.linear %x, %w : tensor<4x?x32xf32>, tensor<32x32xf32> -> tensor<4x?x32xf32>
    return %y : tensor<4x?x32xf32>
  }
}

// -----

// Without bounds a dimension may be 1.
// CHECK-LABEL: func.func @negative_any_rows
// CHECK-NOT: low_rank
// REMARK: any stays dense: with M = 4, rank
func.func @negative_any_rows(%x: tensor<4x?x32xf32> {pleat.name = "x", pleat.dims = [4, "n", 32]}) -> tensor<4x?x32xf32> {
  %w = pleat.weight {names = ["any"]} literal dense<1.0> : tensor<32x32xf32>
  %y = pleat.linear %x, %w : tensor<4x?x32xf32>, tensor<32x32xf32> -> tensor<4x?x32xf32>
  return %y : tensor<4x?x32xf32>
}

// -----

// A matrix of two products pays only if both of them gain.
// CHECK-LABEL: func.func @negative_one_of_two_readers
// CHECK-NOT: low_rank
// REMARK: twice stays dense: with M = 2, rank
func.func @negative_one_of_two_readers(%a: tensor<512x32xf32>, %b: tensor<2x32xf32>) -> (tensor<512x32xf32>, tensor<2x32xf32>) {
  %w = pleat.weight {names = ["twice"]} literal dense<1.0> : tensor<32x32xf32>
  %y = pleat.linear %a, %w : tensor<512x32xf32>, tensor<32x32xf32> -> tensor<512x32xf32>
  %z = pleat.linear %b, %w : tensor<2x32xf32>, tensor<32x32xf32> -> tensor<2x32xf32>
  return %y, %z : tensor<512x32xf32>, tensor<2x32xf32>
}
