// RUN: %pleat-opt %s --split-input-file --verify-diagnostics
// One case for each constraint of the network ops, named after its label.

func.func @attention_c1(%q: tensor<6x3x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x7x5xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects query, key, value and result of rank 4, but got 'tensor<6x3x4xf32>'}}
  %o = pleat.attention %q, %k, %v {scale = 0.5 : f32}
      : tensor<6x3x4xf32>, tensor<1x2x7x4xf32>, tensor<1x2x7x5xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<1x6x3x4xf32>, %k: tensor<1x2x7x8xf32>, %v: tensor<1x2x7x5xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects 'query' and 'key' to agree in head size, but got 'tensor<1x6x3x4xf32>' and 'tensor<1x2x7x8xf32>'}}
  %o = pleat.attention %q, %k, %v {scale = 0.5 : f32}
      : tensor<1x6x3x4xf32>, tensor<1x2x7x8xf32>, tensor<1x2x7x5xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

func.func @attention_c3_heads(%q: tensor<1x6x3x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x3x7x5xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects 'key' and 'value' to agree in heads and length, but got 'tensor<1x2x7x4xf32>' and 'tensor<1x3x7x5xf32>'}}
  %o = pleat.attention %q, %k, %v {scale = 0.5 : f32}
      : tensor<1x6x3x4xf32>, tensor<1x2x7x4xf32>, tensor<1x3x7x5xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

func.func @attention_c3_length(%q: tensor<1x6x3x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x8x5xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects 'key' and 'value' to agree in heads and length, but got 'tensor<1x2x7x4xf32>' and 'tensor<1x2x8x5xf32>'}}
  %o = pleat.attention %q, %k, %v {scale = 0.5 : f32}
      : tensor<1x6x3x4xf32>, tensor<1x2x7x4xf32>, tensor<1x2x8x5xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

func.func @attention_c4(%q: tensor<1x6x3x4xf32>, %k: tensor<1x4x7x4xf32>, %v: tensor<1x4x7x5xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects the heads of 'query' to be a multiple of those of 'key', but got 6 and 4}}
  %o = pleat.attention %q, %k, %v {scale = 0.5 : f32}
      : tensor<1x6x3x4xf32>, tensor<1x4x7x4xf32>, tensor<1x4x7x5xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

// A model with zero heads must not divide by zero.
func.func @attention_c4_no_key_heads(%q: tensor<1x6x3x4xf32>, %k: tensor<1x0x7x4xf32>, %v: tensor<1x0x7x5xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects the heads of 'query' to be a multiple of those of 'key', but got 6 and 0}}
  %o = pleat.attention %q, %k, %v {scale = 0.5 : f32}
      : tensor<1x6x3x4xf32>, tensor<1x0x7x4xf32>, tensor<1x0x7x5xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

func.func @attention_c5(%q: tensor<1x6x3x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x7x5xf32>, %m: tensor<3x7xf32>) {
  // expected-error @+1 {{'pleat.attention' op expects 'mask' to have rank 4, but got 'tensor<3x7xf32>'}}
  %o = pleat.attention %q, %k, %v mask %m {scale = 0.5 : f32}
      : tensor<1x6x3x4xf32>, tensor<1x2x7x4xf32>, tensor<1x2x7x5xf32>, tensor<3x7xf32> -> tensor<1x6x3x5xf32>
  return
}

// -----

func.func @layer_norm_c1(%x: tensor<7x3xf32>) {
  // expected-error @+1 {{'pleat.layer_norm' op expects a result of the type of 'x' and rank at least 1, but got 'tensor<7x3xf32>' and 'tensor<7x4xf32>'}}
  %y = pleat.layer_norm %x {epsilon = 1.0e-5 : f32} : tensor<7x3xf32> -> tensor<7x4xf32>
  return
}

// -----

func.func @layer_norm_c2_scale(%x: tensor<7x3xf32>, %s: tensor<7xf32>) {
  // expected-error @+1 {{'pleat.layer_norm' op expects 'scale' to have the shape of the last axis of 'x', but got 'tensor<7xf32>' and 'tensor<7x3xf32>'}}
  %y = pleat.layer_norm %x scale %s : tensor<7xf32> {epsilon = 1.0e-5 : f32} : tensor<7x3xf32> -> tensor<7x3xf32>
  return
}

// -----

func.func @layer_norm_c2_bias(%x: tensor<7x3xf32>, %b: tensor<1x3xf32>) {
  // expected-error @+1 {{'pleat.layer_norm' op expects 'bias' to have the shape of the last axis of 'x', but got 'tensor<1x3xf32>' and 'tensor<7x3xf32>'}}
  %y = pleat.layer_norm %x bias %b : tensor<1x3xf32> {epsilon = 1.0e-5 : f32} : tensor<7x3xf32> -> tensor<7x3xf32>
  return
}

// -----

func.func @rms_norm_c1(%x: tensor<f32>) {
  // expected-error @+1 {{'pleat.rms_norm' op expects a result of the type of 'x' and rank at least 1, but got 'tensor<f32>' and 'tensor<f32>'}}
  %y = pleat.rms_norm %x {epsilon = 1.0e-5 : f32} : tensor<f32> -> tensor<f32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<7x3xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'pleat.rms_norm' op expects 'scale' to have the shape of the last axis of 'x', but got 'tensor<4xf32>' and 'tensor<7x3xf32>'}}
  %y = pleat.rms_norm %x scale %s : tensor<4xf32> {epsilon = 1.0e-5 : f32} : tensor<7x3xf32> -> tensor<7x3xf32>
  return
}

// -----

func.func @rotary_c1_odd(%x: tensor<2x3x5x7xf32>, %c: tensor<1x5x3xf32>) {
  // expected-error @+1 {{'pleat.rotary' op expects a result of the type of 'x' with an even last size, but got 'tensor<2x3x5x7xf32>' and 'tensor<2x3x5x7xf32>'}}
  %y = pleat.rotary %x, %c, %c : tensor<2x3x5x7xf32>, tensor<1x5x3xf32>, tensor<1x5x3xf32> -> tensor<2x3x5x7xf32>
  return
}

// -----

func.func @rotary_c1_type(%x: tensor<2x3x5x8xf32>, %c: tensor<1x5x4xf32>) {
  // expected-error @+1 {{'pleat.rotary' op expects a result of the type of 'x' with an even last size, but got 'tensor<2x3x5x8xf32>' and 'tensor<3x2x5x8xf32>'}}
  %y = pleat.rotary %x, %c, %c : tensor<2x3x5x8xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32> -> tensor<3x2x5x8xf32>
  return
}

// -----

func.func @rotary_c2(%x: tensor<2x3x5x8xf32>, %c: tensor<1x5x8xf32>) {
  // expected-error @+1 {{'pleat.rotary' op expects 'cos' and 'sin' of one type with last size 4, but got 'tensor<1x5x8xf32>' and 'tensor<1x5x8xf32>'}}
  %y = pleat.rotary %x, %c, %c : tensor<2x3x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32> -> tensor<2x3x5x8xf32>
  return
}

// -----

func.func @conv_c1(%x: tensor<2x6x11xf32>, %w: tensor<8x6x5x7xf32>) {
  // expected-error @+1 {{'pleat.conv' op expects x, weight and result of one rank, 3 or 4, but got 'tensor<2x6x11xf32>', 'tensor<8x6x5x7xf32>' and 'tensor<2x8x7xf32>'}}
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 1 : i64}
      : tensor<2x6x11xf32>, tensor<8x6x5x7xf32> -> tensor<2x8x7xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<2x6x11xf32>, %w: tensor<8x6x5xf32>) {
  // expected-error @+1 {{'pleat.conv' op expects one stride, one dilation and two pads for each spatial axis, but got 1, 1 and 1}}
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0>, group = 1 : i64}
      : tensor<2x6x11xf32>, tensor<8x6x5xf32> -> tensor<2x8x7xf32>
  return
}

// -----

func.func @conv_c3_channels(%x: tensor<2x6x11xf32>, %w: tensor<8x2x5xf32>) {
  // expected-error @+1 {{'pleat.conv' op expects 'group' to divide the channels of x and weight, but got 2, 'tensor<2x6x11xf32>' and 'tensor<8x2x5xf32>'}}
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 2 : i64}
      : tensor<2x6x11xf32>, tensor<8x2x5xf32> -> tensor<2x8x7xf32>
  return
}

// -----

func.func @conv_c3_no_group(%x: tensor<2x6x11xf32>, %w: tensor<8x6x5xf32>) {
  // expected-error @+1 {{'pleat.conv' op expects 'group' to divide the channels of x and weight, but got 0, 'tensor<2x6x11xf32>' and 'tensor<8x6x5xf32>'}}
  %y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 0 : i64}
      : tensor<2x6x11xf32>, tensor<8x6x5xf32> -> tensor<2x8x7xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<2x6x11xf32>, %w: tensor<8x6x5xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{'pleat.conv' op expects 'bias' to have the first size of 'weight', but got 'tensor<6xf32>' and 'tensor<8x6x5xf32>'}}
  %y = pleat.conv %x, %w bias %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 1 : i64}
      : tensor<2x6x11xf32>, tensor<8x6x5xf32>, tensor<6xf32> -> tensor<2x8x7xf32>
  return
}
