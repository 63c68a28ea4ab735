// RUN: %pleat-opt %s --split-input-file --pleat-lower-kernels=levels=x86-64-v3 | %FileCheck %s

// Convolution kernels: weights are broadcast, pixels are vectors, sums stay in registers.

// Nothing is copied without padding: four channels times two vectors for each of three taps,
// twice, as 8 channels are two tiles of one code.
// CHECK-LABEL: llvm.func @in_place_v3
// CHECK-NOT: llvm.store {{.*}} : vector<8xf32>, !llvm.ptr
// CHECK-COUNT-24: llvm.intr.fma{{.*}}vector<8xf32>
// CHECK-NOT: llvm.intr.fma
// CHECK-NOT: llvm.intr.masked
func.func @in_place(%x: tensor<1x5x18xf32>, %w: tensor<8x5x3xf32>) -> tensor<1x8x16xf32>
    attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 1 : i64}
         : tensor<1x5x18xf32>, tensor<8x5x3xf32> -> tensor<1x8x16xf32>
  return %y : tensor<1x8x16xf32>
}

// -----

// A row that no whole vector fits ends in masked accesses.
// CHECK-LABEL: llvm.func @narrow_v3
// CHECK: llvm.intr.masked.load
// CHECK: llvm.intr.masked.store
func.func @narrow(%x: tensor<1x5x7xf32>, %w: tensor<6x5x3xf32>) -> tensor<1x6x5xf32>
    attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 1 : i64}
         : tensor<1x5x7xf32>, tensor<6x5x3xf32> -> tensor<1x6x5xf32>
  return %y : tensor<1x6x5xf32>
}

// -----

// Every second pixel is picked out of two loads when the input is copied to scratch.
// CHECK-LABEL: llvm.func @stride_two_v3
// CHECK: llvm.shufflevector {{.*}} [0, 2, 4, 6, 9, 11, 13, 15]
func.func @stride_two(%x: tensor<1x3x33x35xf32>, %w: tensor<7x3x3x3xf32>) -> tensor<1x7x17x18xf32>
    attributes {pleat.kernel, pleat.parallel, pleat.scratch = affine_map<() -> (9216)>} {
  %y = pleat.conv %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, group = 1 : i64}
         : tensor<1x3x33x35xf32>, tensor<7x3x3x3xf32> -> tensor<1x7x17x18xf32>
  return %y : tensor<1x7x17x18xf32>
}

// -----

// Weights that are no f32 take the general path.
// CHECK-LABEL: llvm.func @double_v3
// CHECK-NOT: vector<8xf32>
// CHECK: llvm.return
func.func @double(%x: tensor<1x2x9xf64>, %w: tensor<3x2x2xf64>) -> tensor<1x3x8xf64>
    attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 1 : i64}
         : tensor<1x2x9xf64>, tensor<3x2x2xf64> -> tensor<1x3x8xf64>
  return %y : tensor<1x3x8xf64>
}
