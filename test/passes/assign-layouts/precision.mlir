// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts=precision=bf16 --mlir-print-local-scope | %FileCheck %s --check-prefixes=CHECK,BF16
// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts=precision=f32-split --mlir-print-local-scope | %FileCheck %s --check-prefixes=CHECK,SPLIT
// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts=precision=bf16 --remarks-filter-missed=pleat-assign-layouts --remark-policy=all 2>&1 >/dev/null | %FileCheck %s --check-prefix=BF16-REMARK
// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts=precision=f32-split --remarks-filter-missed=pleat-assign-layouts --remark-policy=all 2>&1 >/dev/null | %FileCheck %s --check-prefix=SPLIT-REMARK
// RUN: %pleat-opt %s --split-input-file --pleat-assign-layouts="precision=f32-split tile-products=false" --remarks-filter-missed=pleat-assign-layouts --remark-policy=all 2>&1 >/dev/null | %FileCheck %s --check-prefix=NO-TILES
// RUN: %not %pleat-opt %s --split-input-file --pleat-assign-layouts=precision=half 2>&1 | %FileCheck %s --check-prefix=UNKNOWN

// A precision is followed where it pays: bytes decide for bf16, rows for f32-split.
// UNKNOWN: error: pleat-assign-layouts: unknown precision 'half'; known: f32, f32-split, bf16

// CHECK-LABEL: @many_rows
func.func @many_rows(%x: tensor<2x64x40xf32>) -> tensor<2x64x72xf32> {
  // BF16: layout = #pleat.layout<amx_bf16>
  // SPLIT: layout = #pleat.layout<amx_bf16x3>
  // NO-TILES: "fc1" stays f32: no level has tile products
  %w = pleat.weight "b3:01" {names = ["fc1"]} : tensor<40x72xf32>
  %y = pleat.linear %x, %w : tensor<2x64x40xf32>, tensor<40x72xf32> -> tensor<2x64x72xf32>
  return %y : tensor<2x64x72xf32>
}

// -----

// CHECK-LABEL: @few_rows
func.func @few_rows(%x: tensor<127x40xf32>) -> tensor<127x72xf32> {
  // BF16: layout = #pleat.layout<amx_bf16>
  // SPLIT: layout = #pleat.layout<panel16>
  // SPLIT-REMARK: "fc2" stays f32: it is multiplied with 127 rows, fewer than 128
  %w = pleat.weight "b3:01" {names = ["fc2"]} : tensor<40x72xf32>
  %y = pleat.linear %x, %w : tensor<127x40xf32>, tensor<40x72xf32> -> tensor<127x72xf32>
  return %y : tensor<127x72xf32>
}

// -----

// CHECK-LABEL: @rows_that_vary
func.func @rows_that_vary(%x: tensor<?x40xf32> {pleat.dims = ["n", 40]}) -> tensor<?x72xf32> {
  // BF16: layout = #pleat.layout<amx_bf16>
  // SPLIT: layout = #pleat.layout<panel16>
  // SPLIT-REMARK: "fc3" stays f32: it is multiplied with a number of rows that varies
  %w = pleat.weight "b3:01" {names = ["fc3"]} : tensor<40x72xf32>
  %y = pleat.linear %x, %w : tensor<?x40xf32>, tensor<40x72xf32> -> tensor<?x72xf32>
  return %y : tensor<?x72xf32>
}

// -----

// CHECK-LABEL: @negative_small
func.func @negative_small(%x: tensor<128x31xf32>) -> tensor<128x32xf32> {
  // BF16: layout = #pleat.layout<panel16>
  // BF16-REMARK: "fc4" stays f32: its 3968 bytes are too few to matter
  %w = pleat.weight "b3:01" {names = ["fc4"]} : tensor<31x32xf32>
  %y = pleat.linear %x, %w : tensor<128x31xf32>, tensor<31x32xf32> -> tensor<128x32xf32>
  return %y : tensor<128x32xf32>
}

// -----

// CHECK-LABEL: @negative_mostly_padding
func.func @negative_mostly_padding(%x: tensor<128x8xf32>) -> tensor<128x512xf32> {
  // BF16: layout = #pleat.layout<panel16>
  // BF16-REMARK: "fc5" stays f32: padded to multiples of 32 it would take 32768 bytes instead of 16384
  %w = pleat.weight "b3:01" {names = ["fc5"]} : tensor<8x512xf32>
  %y = pleat.linear %x, %w : tensor<128x8xf32>, tensor<8x512xf32> -> tensor<128x512xf32>
  return %y : tensor<128x512xf32>
}

// -----

// What a linear says itself is done, whether it pays or not.
// CHECK-LABEL: @asked_for
func.func @asked_for(%x: tensor<3x5xf32>) -> (tensor<3x7xf32>, tensor<3x9xf32>, tensor<3x11xf32>) {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<amx_bf16>}
  // CHECK: pleat.weight "b3:02" {layout = #pleat.layout<amx_bf16x3>}
  // CHECK: pleat.weight "b3:03" {layout = #pleat.layout<panel16>}
  %a = pleat.weight "b3:01" : tensor<5x7xf32>
  %b = pleat.weight "b3:02" : tensor<5x9xf32>
  %c = pleat.weight "b3:03" : tensor<5x11xf32>
  %y = pleat.linear %x, %a {pleat.precision = "bf16"} : tensor<3x5xf32>, tensor<5x7xf32> -> tensor<3x7xf32>
  %z = pleat.linear %x, %b {pleat.precision = "f32-split"} : tensor<3x5xf32>, tensor<5x9xf32> -> tensor<3x9xf32>
  %u = pleat.linear %x, %c {pleat.precision = "f32"} : tensor<3x5xf32>, tensor<5x11xf32> -> tensor<3x11xf32>
  return %y, %z, %u : tensor<3x7xf32>, tensor<3x9xf32>, tensor<3x11xf32>
}

// -----

// CHECK-LABEL: @most_precise_of_two
func.func @most_precise_of_two(%x: tensor<3x40xf32>, %z: tensor<4x40xf32>) -> (tensor<3x72xf32>, tensor<4x72xf32>) {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<panel16>}
  %w = pleat.weight "b3:01" : tensor<40x72xf32>
  %y = pleat.linear %x, %w {pleat.precision = "bf16"} : tensor<3x40xf32>, tensor<40x72xf32> -> tensor<3x72xf32>
  %u = pleat.linear %z, %w {pleat.precision = "f32"} : tensor<4x40xf32>, tensor<40x72xf32> -> tensor<4x72xf32>
  return %y, %u : tensor<3x72xf32>, tensor<4x72xf32>
}

// -----

// Slices of one stack are read by one kernel; another reader of one of them decides for all.
// CHECK-LABEL: @slices_of_a_stack
func.func @slices_of_a_stack(%x: tensor<3x40xf32>) -> tensor<3x40xf32> {
  // CHECK: pleat.weight "b3:01" {layout = #pleat.layout<panel16>}
  // CHECK: pleat.weight "b3:02" {layout = #pleat.layout<panel16>}
  %a = pleat.weight "b3:01" : tensor<40x40xf32>
  %b = pleat.weight "b3:02" : tensor<40x40xf32>
  %s = pleat.stack %a, %b : tensor<40x40xf32>, tensor<40x40xf32> -> tensor<2x40x40xf32>
  %r = pleat.repeat 2 carried(%x) stacked(%s) : (tensor<3x40xf32>, tensor<2x40x40xf32>) -> tensor<3x40xf32> {
  ^bb0(%h: tensor<3x40xf32>, %w: tensor<40x40xf32>):
    %y = pleat.linear %h, %w : tensor<3x40xf32>, tensor<40x40xf32> -> tensor<3x40xf32>
    pleat.yield %y : tensor<3x40xf32>
  }
  %z = pleat.linear %r, %b {pleat.precision = "f32"} : tensor<3x40xf32>, tensor<40x40xf32> -> tensor<3x40xf32>
  return %z : tensor<3x40xf32>
}

// -----

// A tied embedding is read from the pairs: row v is in panel v / 32, tile v % 32 / 16, and
// column d in block d / 32, line d % 32 / 2.
// CHECK-LABEL: @tied_embedding
func.func @tied_embedding(%ids: tensor<3xi64>, %x: tensor<3x40xf32>) -> (tensor<3x40xf32>, tensor<3x72xf32>) {
  // BF16: %[[TABLE:.+]] = pleat.weight "b3:01" {layout = #pleat.layout<amx_bf16>, transposed} : tensor<3x2x2x16x32xbf16>
  // BF16-NOT: pleat.gather
  // BF16: %[[NARROW:.+]] = tensor.extract %[[TABLE]][
  // BF16: arith.extf %[[NARROW]] : bf16 to f32
  %w = pleat.weight "b3:01" : tensor<72x40xf32>
  %e = pleat.gather %w, %ids : tensor<72x40xf32>, tensor<3xi64> -> tensor<3x40xf32>
  %t = pleat.transposed %w : tensor<72x40xf32>
  %y = pleat.linear %x, %t : tensor<3x40xf32>, tensor<40x72xf32> -> tensor<3x72xf32>
  return %e, %y : tensor<3x40xf32>, tensor<3x72xf32>
}
