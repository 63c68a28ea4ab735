// RUN: %pleat-opt %s --split-input-file --verify-diagnostics --pleat-lower-kernels=levels=x86-64-v3

// What a kernel cannot be compiled for.

func.func private @two_steps(%x: tensor<?xf32>) -> tensor<?xf32> attributes {pleat.kernel} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  // expected-error @below {{expects temporaries without scratch to be static and at most 4096 bytes, but kernel 'two_steps_v3' needs a 'memref<?xf32>'}}
  %empty = tensor.empty(%n) : tensor<?xf32>
  %sums = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%empty : tensor<?xf32>) {
  ^bb0(%a: f32, %old: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%empty : tensor<?xf32>) {
  ^bb0(%old: f32):
    %i = linalg.index 0 : index
    %c1 = arith.constant 1 : index
    %last = arith.subi %n, %c1 : index
    %mirror = arith.subi %last, %i : index
    %v = tensor.extract %sums[%mirror] : tensor<?xf32>
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// expected-error @below {{expects argument 0 of kernel 'packed' to be row_major, but got panel16}}
func.func private @packed(%w: tensor<3x5xf32> {pleat.layout = #pleat.layout<panel16>}) -> tensor<3x5xf32>
    attributes {pleat.kernel} {
  %y = pleat.activation #pleat.activation_kind<relu> %w : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
