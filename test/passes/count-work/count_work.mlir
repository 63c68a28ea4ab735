// RUN: %pleat-opt %s --split-input-file --pleat-count-work | %FileCheck %s

// What a run computes and reads, as formulas of its dimensions.

// Each of three iterations reads its own slice: 3 x 8 x 8 weights, and 2 n 8 8 operations.
// CHECK: #[[$WORK:.+]] = affine_map<()[s0] -> (s0 * 384, s0 * 32 + 768)>
// CHECK-LABEL: @stacked_weights
// CHECK-SAME: pleat.work = #[[$WORK]]
func.func @stacked_weights(%x: tensor<?x8xf32> {pleat.dims = ["n", 8]}) -> tensor<?x8xf32> {
  %a = pleat.weight "b3:01" : tensor<8x8xf32>
  %b = pleat.weight "b3:02" : tensor<8x8xf32>
  %c = pleat.weight "b3:03" : tensor<8x8xf32>
  %s = pleat.stack %a, %b, %c : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32> -> tensor<3x8x8xf32>
  %y = pleat.repeat 3 carried(%x) stacked(%s) : (tensor<?x8xf32>, tensor<3x8x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%h: tensor<?x8xf32>, %w: tensor<8x8xf32>):
    %r = pleat.linear %h, %w : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
    pleat.yield %r : tensor<?x8xf32>
  }
  return %y : tensor<?x8xf32>
}

// -----

// Of the table a gather reads three rows of 16 bytes; the ids take 24.
// CHECK: #[[$WORK:.+]] = affine_map<() -> (0, 72)>
// CHECK-LABEL: @rows_of_a_table
// CHECK-SAME: pleat.work = #[[$WORK]]
func.func @rows_of_a_table(%ids: tensor<3xi64>) -> tensor<3x4xf32> {
  %table = pleat.weight "b3:01" : tensor<512x4xf32>
  %rows = pleat.gather %table, %ids : tensor<512x4xf32>, tensor<3xi64> -> tensor<3x4xf32>
  return %rows : tensor<3x4xf32>
}

// -----

// Two products of 5 queries and 7 keys for 2 heads, over 16 and 4 columns.
// CHECK: #[[$WORK:.+]] = affine_map<() -> (2800, 1760)>
// CHECK-LABEL: @attention_over_all_keys
// CHECK-SAME: pleat.work = #[[$WORK]]
func.func @attention_over_all_keys(%q: tensor<1x2x5x16xf32>, %k: tensor<1x2x7x16xf32>, %v: tensor<1x2x7x4xf32>)
    -> tensor<1x2x5x4xf32> {
  %o = pleat.attention %q, %k, %v {scale = 0.25 : f32}
         : tensor<1x2x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x4xf32> -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// -----

// The five queries see 3, 4, 5, 6 and 7 keys.
// CHECK: #[[$WORK:.+]] = affine_map<() -> (2000, 1760)>
// CHECK-LABEL: @causal_attention
// CHECK-SAME: pleat.work = #[[$WORK]]
func.func @causal_attention(%q: tensor<1x2x5x16xf32>, %k: tensor<1x2x7x16xf32>, %v: tensor<1x2x7x4xf32>)
    -> tensor<1x2x5x4xf32> {
  %o = pleat.attention %q, %k, %v {causal, scale = 0.25 : f32}
         : tensor<1x2x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x4xf32> -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// -----

// One multiplication an element; the constant is no work, and index arithmetic neither.
// CHECK: #[[$WORK:.+]] = affine_map<()[s0, s1] -> (s0 * s1, (s0 * s1) * 4)>
// CHECK-LABEL: @elementwise
// CHECK-SAME: pleat.work = #[[$WORK]]
#id = affine_map<(i, j) -> (i, j)>
func.func @elementwise(%x: tensor<?x?xf32> {pleat.dims = ["b", "s"]}) -> tensor<?x?xf32> {
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%x : tensor<?x?xf32>) {
  ^bb0(%in: f32):
    %two = arith.constant 2.0 : f32
    %twice = arith.mulf %in, %two : f32
    linalg.yield %twice : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: @negative_a_size_that_nothing_names
// CHECK-NOT: pleat.work
func.func @negative_a_size_that_nothing_names(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %y = pleat.linear %x, %w : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A weight stored as bf16 takes two bytes an element: 4 8 + 2 48 = 128.
// CHECK: #[[$WORK:.+]] = affine_map<() -> (96, 128)>
// CHECK-LABEL: @weight_of_halves
// CHECK-SAME: pleat.work = #[[$WORK]]
func.func @weight_of_halves(%x: tensor<1x8xf32>) -> tensor<1x6xf32> {
  %w = pleat.weight "b3:01" {layout = #pleat.layout<amx_bf16>} : tensor<8x6xf32>
  %y = pleat.linear %x, %w : tensor<1x8xf32>, tensor<8x6xf32> -> tensor<1x6xf32>
  return %y : tensor<1x6xf32>
}
