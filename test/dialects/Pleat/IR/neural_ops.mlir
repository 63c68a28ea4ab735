// RUN: %pleat-opt %s | %pleat-opt | %FileCheck %s
// Network ops print as they were written.

// Grouped heads: 6 query heads share 2 key heads; keys are longer than queries, and values
// wider than keys.
// CHECK-LABEL: @attention
// CHECK-SAME: %[[Q:.+]]: tensor<?x6x?x4xf32>, %[[K:.+]]: tensor<?x2x?x4xf32>, %[[V:.+]]: tensor<?x2x?x5xf32>, %[[MASK:.+]]: tensor<1x1x?x?xf32>
func.func @attention(%q: tensor<?x6x?x4xf32>, %k: tensor<?x2x?x4xf32>, %v: tensor<?x2x?x5xf32>,
                     %mask: tensor<1x1x?x?xf32>) -> (tensor<?x6x?x5xf32>, tensor<?x6x?x5xf32>) {
  // CHECK: pleat.attention %[[Q]], %[[K]], %[[V]] {causal, scale = 5.000000e-01 : f32} :
  // CHECK-SAME: tensor<?x6x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x5xf32> -> tensor<?x6x?x5xf32>
  %causal = pleat.attention %q, %k, %v {scale = 0.5 : f32, causal}
      : tensor<?x6x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x5xf32> -> tensor<?x6x?x5xf32>
  // CHECK: pleat.attention %[[Q]], %[[K]], %[[V]] mask %[[MASK]] {masked_rows_zero, scale = 5.000000e-01 : f32} :
  // CHECK-SAME: tensor<?x6x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x5xf32>, tensor<1x1x?x?xf32> -> tensor<?x6x?x5xf32>
  %masked = pleat.attention %q, %k, %v mask %mask {scale = 0.5 : f32, masked_rows_zero}
      : tensor<?x6x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x5xf32>, tensor<1x1x?x?xf32> -> tensor<?x6x?x5xf32>
  return %causal, %masked : tensor<?x6x?x5xf32>, tensor<?x6x?x5xf32>
}

// CHECK-LABEL: @norms
// CHECK-SAME: %[[X:.+]]: tensor<?x3xf32>, %[[SCALE:.+]]: tensor<3xf32>, %[[BIAS:.+]]: tensor<3xf32>
func.func @norms(%x: tensor<?x3xf32>, %scale: tensor<3xf32>, %bias: tensor<3xf32>) -> tensor<?x3xf32> {
  // CHECK: %[[LN:.+]] = pleat.layer_norm %[[X]] scale %[[SCALE]] : tensor<3xf32> bias %[[BIAS]] : tensor<3xf32>
  // CHECK-SAME: {epsilon = 1.250000e-01 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  %ln = pleat.layer_norm %x scale %scale : tensor<3xf32> bias %bias : tensor<3xf32> {epsilon = 0.125 : f32}
      : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: %[[PLAIN:.+]] = pleat.layer_norm %[[LN]] {epsilon = 1.250000e-01 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  %plain = pleat.layer_norm %ln {epsilon = 0.125 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: %[[RMS:.+]] = pleat.rms_norm %[[PLAIN]] scale %[[SCALE]] : tensor<3xf32> {epsilon = 2.500000e-01 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  %rms = pleat.rms_norm %plain scale %scale : tensor<3xf32> {epsilon = 0.25 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: pleat.rms_norm %[[RMS]] {epsilon = 2.500000e-01 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  %bare = pleat.rms_norm %rms {epsilon = 0.25 : f32} : tensor<?x3xf32> -> tensor<?x3xf32>
  return %bare : tensor<?x3xf32>
}

// CHECK-LABEL: @softmax
func.func @softmax(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  // CHECK: pleat.softmax %{{.+}} : tensor<?x3xf32>
  %p = pleat.softmax %x : tensor<?x3xf32>
  // CHECK: pleat.softmax %{{.+}} {log} : tensor<?x3xf32>
  %l = pleat.softmax %x {log} : tensor<?x3xf32>
  return %p, %l : tensor<?x3xf32>, tensor<?x3xf32>
}

// CHECK-LABEL: @rotary
func.func @rotary(%x: tensor<2x3x?x8xf32>, %cos: tensor<1x?x4xf32>, %sin: tensor<1x?x4xf32>)
    -> (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) {
  // CHECK: pleat.rotary %{{.+}}, %{{.+}}, %{{.+}} : tensor<2x3x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32> -> tensor<2x3x?x8xf32>
  %half = pleat.rotary %x, %cos, %sin : tensor<2x3x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32> -> tensor<2x3x?x8xf32>
  // CHECK: pleat.rotary %{{.+}}, %{{.+}}, %{{.+}} {interleaved} : tensor<2x3x?x8xf32>
  %pairs = pleat.rotary %x, %cos, %sin {interleaved}
      : tensor<2x3x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32> -> tensor<2x3x?x8xf32>
  return %half, %pairs : tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>
}

// CHECK-LABEL: @activations
func.func @activations(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // CHECK: pleat.activation <relu> %{{.+}} : tensor<?x3xf32>
  %relu = pleat.activation <relu> %x : tensor<?x3xf32>
  // CHECK: pleat.activation <gelu_erf>
  %erf = pleat.activation <gelu_erf> %relu : tensor<?x3xf32>
  // CHECK: pleat.activation <gelu_tanh>
  %tanh_gelu = pleat.activation <gelu_tanh> %erf : tensor<?x3xf32>
  // CHECK: pleat.activation <silu>
  %silu = pleat.activation <silu> %tanh_gelu : tensor<?x3xf32>
  // CHECK: pleat.activation <sigmoid>
  %sigmoid = pleat.activation <sigmoid> %silu : tensor<?x3xf32>
  // CHECK: pleat.activation <tanh>
  %tanh = pleat.activation <tanh> %sigmoid : tensor<?x3xf32>
  return %tanh : tensor<?x3xf32>
}

// Two spatial axes with bias, in two groups; then one axis without.
// CHECK-LABEL: @conv
func.func @conv(%image: tensor<?x6x11x13xf32>, %kernel: tensor<8x3x5x7xf32>, %bias: tensor<8xf32>,
                %signal: tensor<2x3x?xf32>, %taps: tensor<5x3x4xf32>) -> (tensor<?x8x4x13xf32>, tensor<2x5x?xf32>) {
  // CHECK: pleat.conv %{{.+}}, %{{.+}} bias %{{.+}} {dilations = array<i64: 1, 1>, group = 2 : i64, pads = array<i64: 0, 3, 0, 3>, strides = array<i64: 2, 1>} :
  // CHECK-SAME: tensor<?x6x11x13xf32>, tensor<8x3x5x7xf32>, tensor<8xf32> -> tensor<?x8x4x13xf32>
  %y = pleat.conv %image, %kernel bias %bias
      {strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 3, 0, 3>, group = 2 : i64}
      : tensor<?x6x11x13xf32>, tensor<8x3x5x7xf32>, tensor<8xf32> -> tensor<?x8x4x13xf32>
  // CHECK: pleat.conv %{{.+}}, %{{.+}} {dilations = array<i64: 2>, group = 1 : i64, pads = array<i64: 1, 0>, strides = array<i64: 3>} :
  // CHECK-SAME: tensor<2x3x?xf32>, tensor<5x3x4xf32> -> tensor<2x5x?xf32>
  %z = pleat.conv %signal, %taps
      {strides = array<i64: 3>, dilations = array<i64: 2>, pads = array<i64: 1, 0>, group = 1 : i64}
      : tensor<2x3x?xf32>, tensor<5x3x4xf32> -> tensor<2x5x?xf32>
  return %y, %z : tensor<?x8x4x13xf32>, tensor<2x5x?xf32>
}
