// RUN: %pleat-opt %s --split-input-file --pleat-lower-kernels=levels=x86-64-v3 | %FileCheck %s --check-prefix=V3
// RUN: %pleat-opt %s --split-input-file --pleat-lower-kernels=levels=x86-64-v4-amx | %FileCheck %s --check-prefix=AMX

// Linears over pairs of bf16: widened by shift and mask on vectors, multiplied as they are by tiles.

// One line of 16 pairs holds two k: one load, a shift and a mask for each half of its columns.
// V3-LABEL: llvm.func @one_part_v3
// V3: llvm.shl
// V3: llvm.and
// V3-NOT: llvm.fadd
// AMX-LABEL: llvm.func @one_part_v4amx
// AMX: llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// AMX-NOT: llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
func.func @one_part(%x: tensor<1x64xf32>, %w: tensor<64x16xf32> {pleat.layout = #pleat.layout<amx_bf16>})
    -> tensor<1x16xf32> attributes {pleat.kernel, pleat.parallel, pleat.scratch = affine_map<() -> (10240)>} {
  %y = pleat.linear %x, %w : tensor<1x64xf32>, tensor<64x16xf32> -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}

// -----

// Three parts: two additions for each element, six products for each tile.
// V3-LABEL: llvm.func @three_parts_v3
// V3: llvm.fadd
// AMX-LABEL: llvm.func @three_parts_v4amx
// AMX-COUNT-6: llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// AMX-NOT: llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
func.func @three_parts(%x: tensor<1x64xf32>, %w: tensor<64x16xf32> {pleat.layout = #pleat.layout<amx_bf16x3>})
    -> tensor<1x16xf32> attributes {pleat.kernel, pleat.parallel, pleat.scratch = affine_map<() -> (20480)>} {
  %y = pleat.linear %x, %w : tensor<1x64xf32>, tensor<64x16xf32> -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}
