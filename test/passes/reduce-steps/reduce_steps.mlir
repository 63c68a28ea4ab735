// RUN: %pleat-opt %s --split-input-file --pleat-reduce-steps=iterations=2 | %FileCheck %s --check-prefixes=CHECK,BRANCH
// RUN: %pleat-opt %s --split-input-file --pleat-reduce-steps="iterations=2 residual=block distinct=nearest" | %FileCheck %s --check-prefixes=CHECK,BLOCK
// Fewer iterations in larger steps, at the residual branches or around the whole layer.

// Both branches of a layer that normalises its sums are scaled; the norms are not.
// CHECK-LABEL: @norms_behind_the_additions
// CHECK: pleat.repeat 2 carried
// BRANCH: %[[F:.+]] = pleat.linear
// BRANCH: linalg.generic {{.+}} ins(%[[F]], %{{.+}}
// BRANCH-NEXT: ^bb0(%[[A:.+]]: f32, %[[B:.+]]: f32, %{{.+}}: f32):
// BRANCH: %[[S:.+]] = arith.mulf %[[A]], %{{.+}}
// BRANCH: arith.addf %[[S]], %[[B]]
// BRANCH: pleat.layer_norm
// BRANCH: linalg.generic
// BRANCH: arith.mulf
// BRANCH: pleat.yield
// BLOCK: %[[R:.+]] = pleat.layer_norm %{{.+}} {epsilon = 9.{{.+}}
// BLOCK: %[[R2:.+]] = pleat.layer_norm
// BLOCK: %[[Y:.+]] = linalg.generic {{.+}} ins(%{{.+}}, %[[R2]]
// BLOCK: arith.subf
// BLOCK: pleat.yield %[[Y]]
#id = affine_map<(i, j) -> (i, j)>
func.func @norms_behind_the_additions(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = pleat.weight "b3:01" : tensor<8x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %r = pleat.repeat 6 carried(%x) stacked() : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%h: tensor<4x8xf32>):
    %f = pleat.linear %h, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
    %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
           ins(%f, %h : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %sum = arith.addf %a, %b : f32
      linalg.yield %sum : f32
    } -> tensor<4x8xf32>
    %n = pleat.layer_norm %s {epsilon = 1.0e-5 : f32} : tensor<4x8xf32> -> tensor<4x8xf32>
    %g = pleat.activation <relu> %n : tensor<4x8xf32>
    %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
           ins(%n, %g : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %sum = arith.addf %a, %b : f32
      linalg.yield %sum : f32
    } -> tensor<4x8xf32>
    %m = pleat.layer_norm %t {epsilon = 1.0e-5 : f32} : tensor<4x8xf32> -> tensor<4x8xf32>
    pleat.yield %m : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}
