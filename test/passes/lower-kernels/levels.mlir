// RUN: %pleat-opt %s --pleat-lower-kernels | %FileCheck %s

// Without a choice there is one function for each level, with the level's target.

// CHECK: llvm.func @double_v3
// CHECK-SAME: prefer_vector_width = "256"
// CHECK: vector<8xf32>
// CHECK: llvm.func @double_v4(
// CHECK-SAME: prefer_vector_width = "512"
// CHECK-SAME: target_cpu = "x86-64-v4"
// CHECK: vector<16xf32>
// CHECK: llvm.func @double_v4amx
// CHECK-SAME: target_features = #llvm.target_features<["+amx-tile", "+amx-bf16"]>
func.func private @double(%x: tensor<?xf32>) -> tensor<?xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.sum %x, %x : tensor<?xf32>
  return %y : tensor<?xf32>
}
