// RUN: %pleat-opt %s --split-input-file --verify-diagnostics
// One case for each constraint of the weight ops, named after its label.

func.func @weight_c1_neither() {
  // expected-error @+1 {{'pleat.weight' op expects either a store key or a literal, but got neither}}
  %w = pleat.weight : tensor<3x5xf32>
  return
}

// -----

func.func @weight_c1_both() {
  // expected-error @+1 {{'pleat.weight' op expects either a store key or a literal, but got both}}
  %w = pleat.weight "b3:01" literal dense<1.0> : tensor<3xf32>
  return
}

// -----

func.func @weight_c2() {
  // expected-error @+1 {{'pleat.weight' op expects the literal to have the result's type, but got 'tensor<3xf32>' and 'tensor<5xf32>'}}
  %w = "pleat.weight"() {value = dense<1.0> : tensor<3xf32>} : () -> tensor<5xf32>
  return
}

// -----

func.func @weight_c3() {
  // expected-error @+1 {{'pleat.weight' op expects a literal of at most 4096 bytes, but got 4100; put it into a weight store and name its key}}
  %w = "pleat.weight"() {value = dense<1.0> : tensor<1025xf32>} : () -> tensor<1025xf32>
  return
}

// -----

func.func @weight_c4() {
  // expected-error @+1 {{'pleat.weight' op expects a static shape, but got 'tensor<?x5xf32>'}}
  %w = pleat.weight "b3:01" : tensor<?x5xf32>
  return
}

// -----

func.func @transposed_c1(%w: tensor<3x5x7xf32>) {
  // expected-error @+1 {{'pleat.transposed' op expects 'weight' to have rank 2, but got 'tensor<3x5x7xf32>'}}
  %t = pleat.transposed %w : tensor<3x5x7xf32>
  return
}

// -----

func.func @low_rank_c1_rank(%u: tensor<3xf32>, %v: tensor<2x5xf32>) {
  // expected-error @+1 {{'pleat.low_rank' op expects 'u' and 'v' to be matrices of one element type, but got 'tensor<3xf32>' and 'tensor<2x5xf32>'}}
  %w = pleat.low_rank %u, %v : tensor<3xf32>, tensor<2x5xf32>
  return
}

// -----

func.func @low_rank_c1_element(%u: tensor<3x2xf32>, %v: tensor<2x5xf16>) {
  // expected-error @+1 {{'pleat.low_rank' op expects 'u' and 'v' to be matrices of one element type, but got 'tensor<3x2xf32>' and 'tensor<2x5xf16>'}}
  %w = pleat.low_rank %u, %v : tensor<3x2xf32>, tensor<2x5xf16>
  return
}

// -----

func.func @low_rank_c2(%u: tensor<3x2xf32>, %v: tensor<4x5xf32>) {
  // expected-error @+1 {{'pleat.low_rank' op expects the inner sizes of 'u' and 'v' to match, but got 'tensor<3x2xf32>' and 'tensor<4x5xf32>'}}
  %w = pleat.low_rank %u, %v : tensor<3x2xf32>, tensor<4x5xf32>
  return
}

// -----

func.func @linear_c1(%x: tensor<7x3xf32>, %w: tensor<2x3x5xf32>) {
  // expected-error @+1 {{'pleat.linear' op expects 'weight' to have rank 2, but got 'tensor<2x3x5xf32>'}}
  %y = pleat.linear %x, %w : tensor<7x3xf32>, tensor<2x3x5xf32> -> tensor<7x5xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<7x4xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{'pleat.linear' op expects the last size of 'x' to equal the first of 'weight', but got 'tensor<7x4xf32>' and 'tensor<3x5xf32>'}}
  %y = pleat.linear %x, %w : tensor<7x4xf32>, tensor<3x5xf32> -> tensor<7x5xf32>
  return
}

// -----

func.func @linear_c2_scalar(%x: tensor<f32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{'pleat.linear' op expects the last size of 'x' to equal the first of 'weight', but got 'tensor<f32>' and 'tensor<3x5xf32>'}}
  %y = pleat.linear %x, %w : tensor<f32>, tensor<3x5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @linear_c3_last(%x: tensor<7x3xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{'pleat.linear' op expects a result with the leading sizes of 'x' and the last of 'weight', but got 'tensor<7x3xf32>', 'tensor<3x5xf32>' and 'tensor<7x6xf32>'}}
  %y = pleat.linear %x, %w : tensor<7x3xf32>, tensor<3x5xf32> -> tensor<7x6xf32>
  return
}

// -----

func.func @linear_c3_leading(%x: tensor<7x3xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{'pleat.linear' op expects a result with the leading sizes of 'x' and the last of 'weight', but got 'tensor<7x3xf32>', 'tensor<3x5xf32>' and 'tensor<8x5xf32>'}}
  %y = pleat.linear %x, %w : tensor<7x3xf32>, tensor<3x5xf32> -> tensor<8x5xf32>
  return
}

// -----

func.func @linear_c4(%x: tensor<7x3xf32>, %w: tensor<3x5xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.linear' op expects 'bias' to have the last size of 'weight', but got 'tensor<3xf32>' and 'tensor<3x5xf32>'}}
  %y = pleat.linear %x, %w bias %b : tensor<7x3xf32>, tensor<3x5xf32>, tensor<3xf32> -> tensor<7x5xf32>
  return
}

// -----

func.func @gather_c1_table(%table: tensor<f32>, %ids: tensor<7xi64>) {
  // expected-error @+1 {{'pleat.gather' op expects 'table' to have rank at least 1, but got 'tensor<f32>'}}
  %e = pleat.gather %table, %ids : tensor<f32>, tensor<7xi64> -> tensor<7xf32>
  return
}

// -----

func.func @gather_c1_ids(%table: tensor<11x3xf32>, %ids: tensor<7xf32>) {
  // expected-error @+1 {{'pleat.gather' op operand #1 must be tensor of 32-bit signless integer or 64-bit signless integer values, but got 'tensor<7xf32>'}}
  %e = pleat.gather %table, %ids : tensor<11x3xf32>, tensor<7xf32> -> tensor<7x3xf32>
  return
}

// -----

func.func @gather_c2(%table: tensor<11x3xf32>, %ids: tensor<7xi64>) {
  // expected-error @+1 {{'pleat.gather' op expects a result with the shape of 'ids' and the row shape of 'table', but got 'tensor<11x3xf32>', 'tensor<7xi64>' and 'tensor<3x7xf32>'}}
  %e = pleat.gather %table, %ids : tensor<11x3xf32>, tensor<7xi64> -> tensor<3x7xf32>
  return
}
