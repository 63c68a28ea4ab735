// RUN: %pleat-opt %s | %pleat-opt | %FileCheck %s
// Weight expressions and their consumers print as they were written.

// CHECK-LABEL: @references_and_literals
func.func @references_and_literals() -> (tensor<3x5xf32>, tensor<7xf32>) {
  // CHECK: %[[W:.+]] = pleat.weight "b3:01" {names = ["l0.wq", "model.layers.0.q_proj.weight"]} : tensor<3x5xf32>
  %w = pleat.weight "b3:01" {names = ["l0.wq", "model.layers.0.q_proj.weight"]} : tensor<3x5xf32>
  // CHECK: %[[E:.+]] = pleat.weight literal dense<1.000000e+00> : tensor<7xf32>
  %e = pleat.weight literal dense<1.0> : tensor<7xf32>
  // CHECK: return %[[W]], %[[E]]
  return %w, %e : tensor<3x5xf32>, tensor<7xf32>
}

// CHECK-LABEL: @a_layout_is_kept
func.func @a_layout_is_kept() -> tensor<3x5xf32> {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<panel16>} : tensor<3x5xf32>
  %w = pleat.weight "b3:01" {layout = #pleat.layout<panel16>} : tensor<3x5xf32>
  return %w : tensor<3x5xf32>
}

// The largest literal that is legal: 1024 f32.
// CHECK-LABEL: @literal_of_4096_bytes
func.func @literal_of_4096_bytes() -> tensor<1024xf32> {
  // CHECK: pleat.weight literal dense<0.000000e+00> : tensor<1024xf32>
  %w = pleat.weight literal dense<0.0> : tensor<1024xf32>
  return %w : tensor<1024xf32>
}

// CHECK-LABEL: @expressions
// CHECK-SAME: %[[U:.+]]: tensor<3x2xf32>, %[[V:.+]]: tensor<2x5xf32>, %[[RESIDUAL:.+]]: tensor<5x3xf32>
func.func @expressions(%u: tensor<3x2xf32>, %v: tensor<2x5xf32>, %residual: tensor<5x3xf32>) -> tensor<3x5xf32> {
  // CHECK: %[[UV:.+]] = pleat.low_rank %[[U]], %[[V]] : tensor<3x2xf32>, tensor<2x5xf32>
  %uv = pleat.low_rank %u, %v : tensor<3x2xf32>, tensor<2x5xf32>
  // CHECK: %[[T:.+]] = pleat.transposed %[[RESIDUAL]] : tensor<5x3xf32>
  %t = pleat.transposed %residual : tensor<5x3xf32>
  // CHECK: pleat.sum %[[UV]], %[[T]] : tensor<3x5xf32>
  %w = pleat.sum %uv, %t : tensor<3x5xf32>
  return %w : tensor<3x5xf32>
}

// CHECK-LABEL: @linear
// CHECK-SAME: %[[X:.+]]: tensor<?x?x3xf32>, %[[W:.+]]: tensor<3x5xf32>, %[[B:.+]]: tensor<5xf32>
func.func @linear(%x: tensor<?x?x3xf32>, %w: tensor<3x5xf32>, %b: tensor<5xf32>) -> tensor<?x?x5xf32> {
  // CHECK: pleat.linear %[[X]], %[[W]] : tensor<?x?x3xf32>, tensor<3x5xf32> -> tensor<?x?x5xf32>
  %plain = pleat.linear %x, %w : tensor<?x?x3xf32>, tensor<3x5xf32> -> tensor<?x?x5xf32>
  // CHECK: pleat.linear %[[X]], %[[W]] bias %[[B]] : tensor<?x?x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<?x?x5xf32>
  %biased = pleat.linear %x, %w bias %b : tensor<?x?x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<?x?x5xf32>
  return %biased : tensor<?x?x5xf32>
}

// One row, no leading axis.
// CHECK-LABEL: @linear_of_a_vector
func.func @linear_of_a_vector(%x: tensor<3xf32>, %w: tensor<3x5xf32>) -> tensor<5xf32> {
  // CHECK: pleat.linear %{{.+}}, %{{.+}} : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
  %y = pleat.linear %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-LABEL: @gather
// CHECK-SAME: %[[TABLE:.+]]: tensor<11x3xf32>, %[[IDS:.+]]: tensor<?x7xi64>
func.func @gather(%table: tensor<11x3xf32>, %ids: tensor<?x7xi64>) -> tensor<?x7x3xf32> {
  // CHECK: pleat.gather %[[TABLE]], %[[IDS]] : tensor<11x3xf32>, tensor<?x7xi64> -> tensor<?x7x3xf32>
  %e = pleat.gather %table, %ids : tensor<11x3xf32>, tensor<?x7xi64> -> tensor<?x7x3xf32>
  return %e : tensor<?x7x3xf32>
}

// CHECK-LABEL: @gather_by_one_id
func.func @gather_by_one_id(%table: tensor<11xf32>, %id: tensor<i32>) -> tensor<f32> {
  // CHECK: pleat.gather %{{.+}}, %{{.+}} : tensor<11xf32>, tensor<i32> -> tensor<f32>
  %e = pleat.gather %table, %id : tensor<11xf32>, tensor<i32> -> tensor<f32>
  return %e : tensor<f32>
}
