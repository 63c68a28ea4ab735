// RUN: %not %pleat-opt %s --pleat-lower-kernels=levels=x86-64-v9 2>&1 | %FileCheck %s

// CHECK: error: unknown level 'x86-64-v9'; known: x86-64-v3, x86-64-v4, x86-64-v4-amx
func.func private @k(%x: tensor<f32>) -> tensor<f32> attributes {pleat.kernel} {
  return %x : tensor<f32>
}
