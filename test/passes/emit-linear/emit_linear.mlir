// RUN: %pleat-opt %s --split-input-file --pleat-lower-kernels=levels=x86-64-v3 | %FileCheck %s

// Linear kernels over packed weights: tiles of native vectors, prefetch where weights are large.

// One row and 16 columns: two accumulators, K in a rolled loop of four steps and a rest of one.
// CHECK-LABEL: llvm.func @one_row_v3
// CHECK-NOT: llvm.intr.prefetch
// CHECK-COUNT-10: llvm.intr.fma{{.*}}vector<8xf32>
// CHECK-NOT: llvm.intr.fma
// CHECK-NOT: llvm.intr.masked.store
func.func @one_row(%x: tensor<1x65xf32>, %w: tensor<65x16xf32> {pleat.layout = #pleat.layout<panel16>})
    -> tensor<1x16xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.linear %x, %w : tensor<1x65xf32>, tensor<65x16xf32> -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}

// -----

// 300 KiB of weights are asked for in advance.
// CHECK-LABEL: llvm.func @large_weight_v3
// CHECK: llvm.intr.prefetch
func.func @large_weight(%x: tensor<?x300xf32>, %w: tensor<300x257xf32> {pleat.layout = #pleat.layout<panel16>})
    -> tensor<?x257xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.linear %x, %w : tensor<?x300xf32>, tensor<300x257xf32> -> tensor<?x257xf32>
  return %y : tensor<?x257xf32>
}

// -----

// The last panel holds 3 columns: its first half is stored under a mask, its second not at all.
// CHECK-LABEL: llvm.func @partial_panel_v3
// CHECK: llvm.intr.masked.store
// CHECK-NOT: llvm.intr.masked.store
func.func @partial_panel(%x: tensor<1x8xf32>, %w: tensor<8x3xf32> {pleat.layout = #pleat.layout<panel16>})
    -> tensor<1x3xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.linear %x, %w : tensor<1x8xf32>, tensor<8x3xf32> -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}
