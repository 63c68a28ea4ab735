// RUN: %pleat-opt %s --split-input-file --pleat-plan-scratch=levels=x86-64-v3 | %FileCheck %s

// What kernels of the general path declare. That it suffices is checked by test/e2e/large_temporaries.test.

// Heads as many as a run says, so that no emitter takes it: buffers for the scores, for the sums
// of their rows, and for the result, whose heads are grouped. Symbols are the sizes in slot order.
// No loop can be split, so threads are not asked.
// CHECK: [[$SCORES:#.+]] = affine_map<()[s0, s1, s2, s3, s4, s5] -> (((((((s0 * s1) * (s1 floordiv s1)) * s2) * s2) * 4) ceildiv 64) * 64 + (((((s0 * s1) * (s1 floordiv s1)) * s2) * 4) ceildiv 64) * 64 + (((s0 * s1) * (s1 floordiv s1)) * s2) * 64)>
// CHECK-LABEL: func.func private @heads
// CHECK-SAME: attributes {pleat.kernel, pleat.scratch = [[$SCORES]]}
func.func private @heads(%x: tensor<?x?x?x16xf32>) -> tensor<?x?x?x16xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.attention %x, %x, %x {scale = 0.25 : f32} : tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32> -> tensor<?x?x?x16xf32>
  return %y : tensor<?x?x?x16xf32>
}

// -----

// The tile that a part computes depends on the number of parts; the whole bounds it: rows of 8 kB.
// CHECK: [[$ROWS:#.+]] = affine_map<()[s0, s1] -> (8192)>
// CHECK-LABEL: func.func private @exponentials
// CHECK-SAME: attributes {pleat.kernel, pleat.parallel, pleat.scratch = [[$ROWS]]}
#row = affine_map<(i, j) -> (i)>
#element = affine_map<(i, j) -> (i, j)>
func.func private @exponentials(%x: tensor<?x2048xf32>) -> tensor<?x2048xf32> attributes {pleat.kernel, pleat.parallel} {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x2048xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%m) : tensor<?x2048xf32>
  %exp = linalg.exp ins(%x : tensor<?x2048xf32>) outs(%e : tensor<?x2048xf32>) -> tensor<?x2048xf32>
  %column = tensor.empty(%m) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%column : tensor<?xf32>) -> tensor<?xf32>
  %sums = linalg.generic {indexing_maps = [#element, #row], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<?x2048xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#element, #row, #element], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sums : tensor<?x2048xf32>, tensor<?xf32>) outs(%e : tensor<?x2048xf32>) {
  ^bb0(%a: f32, %sum: f32, %old: f32):
    %share = arith.divf %a, %sum : f32
    linalg.yield %share : f32
  } -> tensor<?x2048xf32>
  return %y : tensor<?x2048xf32>
}

// -----

// CHECK-LABEL: func.func private @negative_results_in_place
// CHECK-NOT: pleat.scratch
// CHECK: return
func.func private @negative_results_in_place(%x: tensor<?x40xf32>) -> tensor<?x40xf32> attributes {pleat.kernel} {
  %y = pleat.activation <relu> %x : tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// -----

// What is declared stays.
// CHECK: [[$DECLARED:#.+]] = affine_map<(d0, d1) -> (77)>
// CHECK-LABEL: func.func private @declared
// CHECK-SAME: pleat.scratch = [[$DECLARED]]
func.func private @declared(%x: tensor<?x40xf32>) -> tensor<?x40xf32>
    attributes {pleat.kernel, pleat.scratch = affine_map<(m, n) -> (77)>} {
  %y = pleat.activation <relu> %x : tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}
