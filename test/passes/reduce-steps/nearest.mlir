// RUN: %pleat-opt %s --pleat-reduce-steps="iterations=2 residual=block distinct=nearest" | %FileCheck %s
// Of weights that differ, each step takes those of the layer in its middle: of five layers, 1 and 3.

// CHECK: pleat.ledger = [{bytes_after = 512 : i64, bytes_before = 1280 : i64, class = "lossy"
// CHECK-LABEL: @five_layers
// CHECK-DAG: %[[B:.+]] = pleat.weight "b3:0b"
// CHECK-DAG: %[[D:.+]] = pleat.weight "b3:0d"
// CHECK: %[[S:.+]] = pleat.stack %[[B]], %[[D]] : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<2x8x8xf32>
// CHECK: pleat.repeat 2 carried(%{{.+}}) stacked(%[[S]])
// CHECK: arith.constant 2.500000e+00
func.func @five_layers(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  %c = pleat.weight "b3:0c" : tensor<8x8xf32>
  %d = pleat.weight "b3:0d" : tensor<8x8xf32>
  %e = pleat.weight "b3:0e" : tensor<8x8xf32>
  %s = pleat.stack %a, %b, %c, %d, %e
         : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32> -> tensor<5x8x8xf32>
  %r = pleat.repeat 5 carried(%x) stacked(%s) : (tensor<4x8xf32>, tensor<5x8x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%h: tensor<4x8xf32>, %w: tensor<8x8xf32>):
    %f = pleat.linear %h, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
    pleat.yield %f : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}
