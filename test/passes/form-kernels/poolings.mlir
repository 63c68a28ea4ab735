// RUN: %pleat-opt %s --split-input-file --pleat-form-kernels | %FileCheck %s

// A pooling in f32 keeps its padding and what follows it in one kernel, with scratch.

#window = affine_map<(n, c, y, x, i, j) -> (n, c, y * 2 + i, x * 2 + j)>
#extent = affine_map<(n, c, y, x, i, j) -> (i, j)>
#result = affine_map<(n, c, y, x, i, j) -> (n, c, y, x)>
#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// CHECK-LABEL: func.func @main
// CHECK-COUNT-1: pleat.launch
// CHECK-NOT: pleat.launch
// CHECK: func.func private @generic_1x3x4x5({{.*}}pleat.scratch
// CHECK: tensor.pad
// CHECK: arith.divf
func.func @main(%x: tensor<1x3x7x9xf32>) -> tensor<1x3x4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %nine = arith.constant 9.0 : f32
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x3x7x9xf32> to tensor<1x3x9x11xf32>
  %size = tensor.empty() : tensor<3x3xf32>
  %empty = tensor.empty() : tensor<1x3x4x5xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3x4x5xf32>) -> tensor<1x3x4x5xf32>
  %sum = linalg.generic {indexing_maps = [#window, #extent, #result],
                         iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %size : tensor<1x3x9x11xf32>, tensor<3x3xf32>) outs(%start : tensor<1x3x4x5xf32>) {
  ^bb0(%in: f32, %none: f32, %out: f32):
    %next = arith.addf %out, %in : f32
    linalg.yield %next : f32
  } -> tensor<1x3x4x5xf32>
  %mean = linalg.generic {indexing_maps = [#id, #id],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sum : tensor<1x3x4x5xf32>) outs(%empty : tensor<1x3x4x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %q = arith.divf %in, %nine : f32
    linalg.yield %q : f32
  } -> tensor<1x3x4x5xf32>
  return %mean : tensor<1x3x4x5xf32>
}

// -----

#window = affine_map<(n, c, y, x, i, j) -> (n, c, y + i, x + j)>
#extent = affine_map<(n, c, y, x, i, j) -> (i, j)>
#result = affine_map<(n, c, y, x, i, j) -> (n, c, y, x)>

// Pads that are not what the folding starts from are pixels: they stay in memory.
// CHECK-LABEL: func.func @main
// CHECK: pleat.launch @pad_1x3x9x11
// CHECK: pleat.launch @generic_1x3x7x9
func.func @main(%x: tensor<1x3x7x9xf32>) -> tensor<1x3x7x9xf32> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x3x7x9xf32> to tensor<1x3x9x11xf32>
  %size = tensor.empty() : tensor<3x3xf32>
  %empty = tensor.empty() : tensor<1x3x7x9xf32>
  %start = linalg.fill ins(%least : f32) outs(%empty : tensor<1x3x7x9xf32>) -> tensor<1x3x7x9xf32>
  %max = linalg.generic {indexing_maps = [#window, #extent, #result],
                         iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %size : tensor<1x3x9x11xf32>, tensor<3x3xf32>) outs(%start : tensor<1x3x7x9xf32>) {
  ^bb0(%in: f32, %none: f32, %out: f32):
    %next = arith.maximumf %in, %out : f32
    linalg.yield %next : f32
  } -> tensor<1x3x7x9xf32>
  return %max : tensor<1x3x7x9xf32>
}
