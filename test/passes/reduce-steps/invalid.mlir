// RUN: %pleat-opt %s --split-input-file --verify-diagnostics --pleat-reduce-steps=iterations=2
// What cannot be shortened is an error, as the recipe asked for it.

func.func @no_additions(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{pleat-reduce-steps expects residual branches: additions that, with norms alone, lead from a layer's input to its result; residual=block does without}}
  %r = pleat.repeat 4 carried(%x) stacked() : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%h: tensor<4x8xf32>):
    %f = pleat.activation <relu> %h : tensor<4x8xf32>
    pleat.yield %f : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}

// -----

func.func @weights_differ(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %s = pleat.stack %w, %x, %w : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32> -> tensor<3x4x8xf32>
  // expected-error @below {{pleat-reduce-steps expects layers with the same weights, but 1 differ; distinct=nearest takes those of the layer in the middle of each step}}
  %r = pleat.repeat 3 carried(%x) stacked(%s) : (tensor<4x8xf32>, tensor<3x4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%h: tensor<4x8xf32>, %b: tensor<4x8xf32>):
    pleat.yield %b : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}

// -----

func.func @each_layer_gives_a_result(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{pleat-reduce-steps expects layers that give nothing but their result, but 1 values are collected from each of the 3}}
  %r:2 = pleat.repeat 3 carried(%x) stacked() : (tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<3x4x8xf32>) {
  ^bb0(%h: tensor<4x8xf32>):
    %f = pleat.activation <relu> %h : tensor<4x8xf32>
    pleat.yield %f, %f : tensor<4x8xf32>, tensor<4x8xf32>
  }
  return %r#0 : tensor<4x8xf32>
}

// -----

func.func @too_few_layers(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{pleat-reduce-steps expects at most 1 iterations, but got 2}}
  %r = pleat.repeat 1 carried(%x) stacked() : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%h: tensor<4x8xf32>):
    %f = pleat.activation <relu> %h : tensor<4x8xf32>
    pleat.yield %f : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}

// -----

// expected-error @below {{pleat-reduce-steps finds no layer that repeats}}
module {
  func.func @nothing_repeats(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
    return %x : tensor<4x8xf32>
  }
}
