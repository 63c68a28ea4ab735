// RUN: %pleat-opt %s --pleat-set-precision="precision=bf16 targets=fc* ignore=fc3" | %FileCheck %s
// RUN: %not %pleat-opt %s --pleat-set-precision="precision=bf16 targets=head" 2>&1 | %FileCheck %s --check-prefix=EMPTY
// RUN: %not %pleat-opt %s --pleat-set-precision=precision=f16 2>&1 | %FileCheck %s --check-prefix=UNKNOWN

// Linears are marked, also those behind a transpose or a product of factors.
// EMPTY: error: pleat-set-precision: target "head" selects no weight matrix; `pleat inspect` lists their names
// UNKNOWN: error: pleat-set-precision: unknown precision 'f16'; known: f32, f32-split, bf16

// CHECK-LABEL: @main
func.func @main(%x: tensor<3x5xf32>, %ids: tensor<2xi64>) -> (tensor<3x7xf32>, tensor<3x9xf32>, tensor<3x11xf32>, tensor<2x5xf32>) {
  // CHECK: pleat.linear {{.*}}{pleat.precision = "bf16"} {{.*}} -> tensor<3x7xf32>
  // CHECK: pleat.linear {{.*}}{pleat.precision = "bf16"} {{.*}} -> tensor<3x9xf32>
  // CHECK-NOT: pleat.precision
  %w1 = pleat.weight "b3:01" {names = ["fc1"]} : tensor<7x5xf32>
  %t = pleat.transposed %w1 : tensor<7x5xf32>
  %y = pleat.linear %x, %t : tensor<3x5xf32>, tensor<5x7xf32> -> tensor<3x7xf32>
  %u = pleat.weight "b3:02" {names = ["fc2.u"]} : tensor<5x2xf32>
  %v = pleat.weight "b3:03" {names = ["fc2.v"]} : tensor<2x9xf32>
  %uv = pleat.low_rank %u, %v : tensor<5x2xf32>, tensor<2x9xf32>
  %z = pleat.linear %x, %uv : tensor<3x5xf32>, tensor<5x9xf32> -> tensor<3x9xf32>
  %w3 = pleat.weight "b3:04" {names = ["fc3"]} : tensor<5x11xf32>
  %a = pleat.linear %x, %w3 : tensor<3x5xf32>, tensor<5x11xf32> -> tensor<3x11xf32>
  %table = pleat.weight "b3:05" {names = ["fc_table"]} : tensor<8x5xf32>
  %e = pleat.gather %table, %ids : tensor<8x5xf32>, tensor<2xi64> -> tensor<2x5xf32>
  return %y, %z, %a, %e : tensor<3x7xf32>, tensor<3x9xf32>, tensor<3x11xf32>, tensor<2x5xf32>
}
