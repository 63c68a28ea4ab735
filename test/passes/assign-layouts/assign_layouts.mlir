// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts --mlir-print-local-scope | %FileCheck %s
// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts --remarks-filter-missed=pleat-assign-layouts --remark-policy=all 2>&1 >/dev/null | %FileCheck %s --check-prefix=REMARK
// What is multiplied with lies in panels, all else row-major, and each weight once where it can.

// CHECK-LABEL: @multiplied_with
func.func @multiplied_with(%x: tensor<3x5xf32>) -> tensor<3x7xf32> {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<panel16>} : tensor<5x7xf32>
  %w = pleat.weight "b3:01" : tensor<5x7xf32>
  %y = pleat.linear %x, %w : tensor<3x5xf32>, tensor<5x7xf32> -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

// -----

// CHECK-LABEL: @gathered_from
func.func @gathered_from(%ids: tensor<3xi64>) -> tensor<3x5xf32> {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<row_major>} : tensor<7x5xf32>
  %w = pleat.weight "b3:01" : tensor<7x5xf32>
  // CHECK: pleat.gather
  %e = pleat.gather %w, %ids : tensor<7x5xf32>, tensor<3xi64> -> tensor<3x5xf32>
  return %e : tensor<3x5xf32>
}

// -----

// A tied embedding: the transpose is stored in panels, and the gather finds row v in lane v mod 16 of panel v / 16.
// CHECK-LABEL: @tied_embedding
func.func @tied_embedding(%ids: tensor<3xi64>, %x: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x40xf32>) {
  // CHECK: %[[PANELS:.+]] = pleat.weight "b3:01" {layout = #pleat.layout<panel16>, transposed} : tensor<3x5x16xf32>
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<panel16>, transposed} : tensor<40x5xf32>
  %w = pleat.weight "b3:01" : tensor<40x5xf32>
  // CHECK-NOT: pleat.gather
  // CHECK: %[[COLUMN:.+]] = linalg.index 1
  // CHECK: %[[PANEL:.+]] = arith.divui %[[ROW:.+]], %{{.+}} : index
  // CHECK: %[[LANE:.+]] = arith.remui %[[ROW]], %{{.+}} : index
  // CHECK: tensor.extract %[[PANELS]][%[[PANEL]], %[[COLUMN]], %[[LANE]]]
  %e = pleat.gather %w, %ids : tensor<40x5xf32>, tensor<3xi64> -> tensor<3x5xf32>
  %t = pleat.transposed %w : tensor<40x5xf32>
  %y = pleat.linear %x, %t : tensor<3x5xf32>, tensor<5x40xf32> -> tensor<3x40xf32>
  return %e, %y : tensor<3x5xf32>, tensor<3x40xf32>
}

// -----

// CHECK-LABEL: @slices_of_a_stack
func.func @slices_of_a_stack(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<panel16>}
  // CHECK: pleat.weight "b3:02" {layout = #pleat.layout<panel16>}
  %a = pleat.weight "b3:01" : tensor<5x5xf32>
  %b = pleat.weight "b3:02" : tensor<5x5xf32>
  %s = pleat.stack %a, %b : tensor<5x5xf32>, tensor<5x5xf32> -> tensor<2x5x5xf32>
  %r = pleat.repeat 2 carried(%x) stacked(%s) : (tensor<3x5xf32>, tensor<2x5x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%h: tensor<3x5xf32>, %w: tensor<5x5xf32>):
    %y = pleat.linear %h, %w : tensor<3x5xf32>, tensor<5x5xf32> -> tensor<3x5xf32>
    pleat.yield %y : tensor<3x5xf32>
  }
  return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @both_orientations_are_stored_twice
func.func @both_orientations_are_stored_twice(%x: tensor<3x5xf32>, %z: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<3x5xf32>) {
  // CHECK: %[[BACK:.+]] = pleat.weight "b3:01" {layout = #pleat.layout<panel16>, transposed}
  // CHECK: %[[FORTH:.+]] = pleat.weight "b3:01" {layout = #pleat.layout<panel16>} :
  // CHECK: %[[T:.+]] = pleat.transposed %[[BACK]]
  // CHECK: pleat.linear %{{.+}}, %[[FORTH]]
  // CHECK: pleat.linear %{{.+}}, %[[T]]
  // REMARK: weight is stored twice: {{.*}}it is multiplied with in both orientations
  %w = pleat.weight "b3:01" : tensor<5x7xf32>
  %t = pleat.transposed %w : tensor<5x7xf32>
  %y = pleat.linear %x, %w : tensor<3x5xf32>, tensor<5x7xf32> -> tensor<3x7xf32>
  %u = pleat.linear %z, %t : tensor<3x7xf32>, tensor<7x5xf32> -> tensor<3x5xf32>
  return %y, %u : tensor<3x7xf32>, tensor<3x5xf32>
}

// -----

// Kernels for panels know f32 alone.
// CHECK-LABEL: @negative_other_element_types
func.func @negative_other_element_types(%x: tensor<3x5xf64>) -> tensor<3x7xf64> {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<row_major>}
  %w = pleat.weight "b3:01" : tensor<5x7xf64>
  %y = pleat.linear %x, %w : tensor<3x5xf64>, tensor<5x7xf64> -> tensor<3x7xf64>
  return %y : tensor<3x7xf64>
}
