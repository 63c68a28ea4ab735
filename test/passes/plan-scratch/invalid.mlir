// RUN: %not %pleat-opt %s --pleat-plan-scratch=levels=x86-64-v3 2>&1 | %FileCheck %s

// A size that is read from data is no formula. What the data says is known when the kernel runs.
// CHECK: error: expects temporaries whose sizes follow from those of operands, but got a 'memref<?xf32>' of another size
func.func private @counted(%x: tensor<8xf32>, %count: tensor<1xi64>) -> tensor<8xf32> attributes {pleat.kernel} {
  %c0 = arith.constant 0 : index
  %number = tensor.extract %count[%c0] : tensor<1xi64>
  %n = arith.index_cast %number : i64 to index
  %e = tensor.empty(%n) : tensor<?xf32>
  %numbers = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      outs(%e : tensor<?xf32>) {
  ^bb0(%old: f32):
    %i = linalg.index 0 : index
    %k = arith.index_cast %i : index to i64
    %v = arith.sitofp %k : i64 to f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %out = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%out : tensor<8xf32>) {
  ^bb0(%a: f32, %old: f32):
    %i = linalg.index 0 : index
    %b = tensor.extract %numbers[%i] : tensor<?xf32>
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}
