// RUN: %pleat-opt %s --pleat-decompose-svd="rank=1 measure=true" | %FileCheck %s

// The model computes what it did; what its two readers would compute with the factors is summed up.
// CHECK: pleat.ledger
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<512x32xf32> {pleat.name = "y"}, tensor<512x32xf32> {pleat.name = "z"},
// CHECK-SAME: tensor<f32> {pleat.dims = [], pleat.name = "pleat.step.0.difference"},
// CHECK-SAME: tensor<f32> {pleat.dims = [], pleat.name = "pleat.step.0.whole"})
func.func @main(%x: tensor<512x32xf32>) -> (tensor<512x32xf32> {pleat.name = "y"}, tensor<512x32xf32> {pleat.name = "z"}) {
  // CHECK: %[[W:.+]] = pleat.weight {names = ["fc"]}
  %w = pleat.weight {names = ["fc"]} literal dense<1.0> : tensor<32x32xf32>
  // CHECK: %[[Y:.+]] = pleat.linear %{{.+}}, %[[W]]
  // CHECK: %[[SHORT_Y:.+]] = pleat.linear %{{.+}}, %{{.+}} : tensor<512x32xf32>
  %y = pleat.linear %x, %w : tensor<512x32xf32>, tensor<32x32xf32> -> tensor<512x32xf32>
  // CHECK: %[[Z:.+]] = pleat.linear %[[Y]], %[[W]]
  // CHECK: %[[SHORT_Z:.+]] = pleat.linear %[[Y]], %{{.+}} : tensor<512x32xf32>
  %z = pleat.linear %y, %w : tensor<512x32xf32>, tensor<32x32xf32> -> tensor<512x32xf32>
  // CHECK: linalg.generic {{.*}} ins(%[[A:.+]], %[[B:.+]] : tensor<512x32xf32>, tensor<512x32xf32>)
  // CHECK: return %[[Y]], %[[Z]], %{{.+}}, %{{.+}}
  return %y, %z : tensor<512x32xf32>, tensor<512x32xf32>
}
