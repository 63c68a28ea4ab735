// RUN: %pleat-opt %s --pleat-fuse-elementwise --mlir-print-local-scope | %FileCheck %s
// Elementwise ops with one reader join it; a transpose becomes how its reader reads.

#id = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: @two_readers_keep_the_first
func.func @two_readers_keep_the_first(%x: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  // CHECK-COUNT-3: linalg.generic
  // CHECK-NOT: linalg.generic
  %e = tensor.empty() : tensor<3x5xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
         ins(%x : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = math.exp %in : f32
    linalg.yield %n : f32
  } -> tensor<3x5xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
         ins(%a : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    linalg.yield %n : f32
  } -> tensor<3x5xf32>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
         ins(%a : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.addf %in, %in : f32
    linalg.yield %n : f32
  } -> tensor<3x5xf32>
  return %b, %c : tensor<3x5xf32>, tensor<3x5xf32>
}

// CHECK-LABEL: @transpose_becomes_an_access
func.func @transpose_becomes_an_access(%x: tensor<3x5xf32>) -> tensor<5x3xf32> {
  // CHECK-NOT: linalg.transpose
  // CHECK: linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>]
  // CHECK: math.exp
  // CHECK-NOT: linalg.generic
  %e = tensor.empty() : tensor<5x3xf32>
  %t = linalg.transpose ins(%x : tensor<3x5xf32>) outs(%e : tensor<5x3xf32>) permutation = [1, 0]
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
         ins(%t : tensor<5x3xf32>) outs(%e : tensor<5x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = math.exp %in : f32
    linalg.yield %n : f32
  } -> tensor<5x3xf32>
  return %y : tensor<5x3xf32>
}

// An attention's kernel reads through strides: its transposes stay as they are.
// CHECK-LABEL: @negative_transpose_before_an_attention
func.func @negative_transpose_before_an_attention(%q: tensor<1x7x2x4xf32>, %k: tensor<1x2x9x4xf32>,
                                                  %v: tensor<1x2x9x6xf32>) -> tensor<1x2x7x6xf32> {
  // CHECK: linalg.transpose
  %e = tensor.empty() : tensor<1x2x7x4xf32>
  %t = linalg.transpose ins(%q : tensor<1x7x2x4xf32>) outs(%e : tensor<1x2x7x4xf32>) permutation = [0, 2, 1, 3]
  // CHECK: pleat.attention
  %o = pleat.attention %t, %k, %v {scale = 0.5 : f32}
      : tensor<1x2x7x4xf32>, tensor<1x2x9x4xf32>, tensor<1x2x9x6xf32> -> tensor<1x2x7x6xf32>
  return %o : tensor<1x2x7x6xf32>
}

// Windows overlap: what they read is computed once, before them.
// CHECK-LABEL: @negative_window_reduction
func.func @negative_window_reduction(%x: tensor<1x2x9xf32>, %init: tensor<1x2x7xf32>) -> tensor<1x2x7xf32> {
  // CHECK: math.exp
  // CHECK-NEXT: linalg.yield
  // CHECK: linalg.generic
  // CHECK: arith.addf
  %e = tensor.empty() : tensor<1x2x9xf32>
  %window = tensor.empty() : tensor<3xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(n, c, i) -> (n, c, i)>, affine_map<(n, c, i) -> (n, c, i)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
         ins(%x : tensor<1x2x9xf32>) outs(%e : tensor<1x2x9xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = math.exp %in : f32
    linalg.yield %n : f32
  } -> tensor<1x2x9xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c, i, k) -> (n, c, i + k)>, affine_map<(n, c, i, k) -> (k)>,
                                        affine_map<(n, c, i, k) -> (n, c, i)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
         ins(%a, %window : tensor<1x2x9xf32>, tensor<3xf32>) outs(%init : tensor<1x2x7xf32>) {
  ^bb0(%in: f32, %size: f32, %sum: f32):
    %s = arith.addf %sum, %in : f32
    linalg.yield %s : f32
  } -> tensor<1x2x7xf32>
  return %y : tensor<1x2x7xf32>
}
