// RUN: %pleat-opt --pleat-keep-states %s -split-input-file -verify-diagnostics
// Pairs that are no state.

// The old rows stand behind the new ones.
// expected-error @+1 {{state "past" = "all": expects the output to have the input's shape, or to be the input with rows appended along a dimension, but got ["p", 3] and ["p + 2", 3]}}
func.func @rows_in_front(%past: tensor<?x3xf32> {pleat.name = "past", pleat.dims = ["p", 3]},
                         %new: tensor<2x3xf32> {pleat.name = "new", pleat.dims = [2, 3]})
    -> (tensor<?x3xf32> {pleat.name = "all", pleat.dims = ["p + 2", 3]}) attributes {pleat.states = [["past", "all"]]} {
  %c0 = arith.constant 0 : index
  %p = tensor.dim %past, %c0 : tensor<?x3xf32>
  %n = affine.apply affine_map<()[s0] -> (s0 + 2)>()[%p]
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %a = tensor.insert_slice %new into %e[0, 0] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<?x3xf32>
  %b = tensor.insert_slice %past into %a[2, 0] [%p, 3] [1, 1] : tensor<?x3xf32> into tensor<?x3xf32>
  return %b : tensor<?x3xf32>
}

// -----

// A fixed size cannot be a length.
// expected-error @+1 {{but got [4, 3] and [6, 3]}}
func.func @fixed_length(%past: tensor<4x3xf32> {pleat.name = "past", pleat.dims = [4, 3]},
                        %new: tensor<2x3xf32> {pleat.name = "new", pleat.dims = [2, 3]})
    -> (tensor<6x3xf32> {pleat.name = "all", pleat.dims = [6, 3]}) attributes {pleat.states = [["past", "all"]]} {
  %e = tensor.empty() : tensor<6x3xf32>
  %a = tensor.insert_slice %past into %e[0, 0] [4, 3] [1, 1] : tensor<4x3xf32> into tensor<6x3xf32>
  %b = tensor.insert_slice %new into %a[4, 0] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<6x3xf32>
  return %b : tensor<6x3xf32>
}

// -----

// expected-error @+1 {{state "h" = "next": expects one element type, but got 'f32' and 'i64'}}
func.func @element_types(%h: tensor<3xf32> {pleat.name = "h", pleat.dims = [3]},
                         %n: tensor<3xi64> {pleat.name = "n", pleat.dims = [3]})
    -> (tensor<3xi64> {pleat.name = "next", pleat.dims = [3]}) attributes {pleat.states = [["h", "next"]]} {
  return %n : tensor<3xi64>
}

// -----

// expected-error @+1 {{state "h" = "missing": expects the names of an input and an output}}
func.func @unknown_name(%h: tensor<3xf32> {pleat.name = "h", pleat.dims = [3]})
    -> (tensor<3xf32> {pleat.name = "next", pleat.dims = [3]}) attributes {pleat.states = [["h", "missing"]]} {
  return %h : tensor<3xf32>
}
