// RUN: %pleat-opt %s --split-input-file --pleat-form-kernels | %FileCheck %s
// Computation moves into kernels; equal ones are one function; main keeps launches and sizes.

// Two layers with other weights are one kernel, the activation within.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x5xf32> {pleat.name = "x", pleat.dims = ["n", 5]})
    -> (tensor<?x5xf32> {pleat.name = "y", pleat.dims = ["n", 5]}) {
  // CHECK-DAG: %[[A:.+]] = pleat.weight "b3:0a"
  // CHECK-DAG: %[[B:.+]] = pleat.weight "b3:0b"
  %a = pleat.weight "b3:0a" {layout = #pleat.layout<panel16>} : tensor<5x5xf32>
  %b = pleat.weight "b3:0b" {layout = #pleat.layout<panel16>} : tensor<5x5xf32>
  // CHECK: %[[P:.+]] = pleat.launch @[[LINEAR:[a-z0-9_]+]](%{{.+}}, %[[A]]) sizes(%[[N:[^)]+]])
  // CHECK: pleat.launch @[[LINEAR]](%[[P]], %[[B]]) sizes(%[[N]])
  %1 = pleat.linear %x, %a : tensor<?x5xf32>, tensor<5x5xf32> -> tensor<?x5xf32>
  %2 = pleat.activation <silu> %1 : tensor<?x5xf32>
  %3 = pleat.linear %2, %b : tensor<?x5xf32>, tensor<5x5xf32> -> tensor<?x5xf32>
  %4 = pleat.activation <silu> %3 : tensor<?x5xf32>
  return %4 : tensor<?x5xf32>
}
// CHECK: func.func private @[[LINEAR]](%[[X:.+]]: tensor<?x5xf32>, %[[W:.+]]: tensor<5x5xf32> {pleat.layout = #pleat.layout<panel16>})
// CHECK-SAME: pleat.kernel
// CHECK: pleat.linear %[[X]], %[[W]]
// CHECK: pleat.activation <silu>
// CHECK-NOT: func.func

// -----

// Another layout is another kernel: code differs.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<3x5xf32> {pleat.name = "x", pleat.dims = [3, 5]})
    -> (tensor<3x5xf32> {pleat.name = "y", pleat.dims = [3, 5]}) {
  %a = pleat.weight "b3:0a" {layout = #pleat.layout<panel16>} : tensor<5x5xf32>
  %b = pleat.weight "b3:0b" {layout = #pleat.layout<row_major>} : tensor<5x5xf32>
  // CHECK: pleat.launch @[[PANELS:[a-z0-9_]+]](
  // CHECK-NOT: pleat.launch @[[PANELS]](
  // CHECK: pleat.launch
  %1 = pleat.linear %x, %a : tensor<3x5xf32>, tensor<5x5xf32> -> tensor<3x5xf32>
  %2 = pleat.linear %1, %b : tensor<3x5xf32>, tensor<5x5xf32> -> tensor<3x5xf32>
  return %2 : tensor<3x5xf32>
}

// -----

// A reshape needs no kernel, but a result that is an input under another shape is copied.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<3x10xf32> {pleat.name = "x", pleat.dims = [3, 10]})
    -> (tensor<6x5xf32> {pleat.name = "y", pleat.dims = [6, 5]}) {
  // CHECK-NEXT: %[[R:.+]] = pleat.reshape
  // CHECK-NEXT: %[[Y:.+]] = pleat.launch @{{.+}}(%[[R]])
  // CHECK-NEXT: return %[[Y]]
  %y = pleat.reshape %x : tensor<3x10xf32> -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

// -----

// A rotary embedding reads heads as the projection left them: its kernel takes the views.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[P:.+]]: tensor<2x5x18xf32>
func.func @main(%p: tensor<2x5x18xf32> {pleat.name = "p", pleat.dims = [2, 5, 18]},
                %c: tensor<1x5x3xf32> {pleat.name = "c", pleat.dims = [1, 5, 3]})
    -> (tensor<2x3x5x6xf32> {pleat.name = "y", pleat.dims = [2, 3, 5, 6]}) {
  // CHECK: %[[Y:.+]] = pleat.launch @[[ROTARY:[a-z0-9_]+]](%[[P]],
  // CHECK-NEXT: return %[[Y]]
  %e = tensor.empty() : tensor<2x3x5x6xf32>
  %h = pleat.reshape %p[] : tensor<2x5x18xf32> -> tensor<2x5x3x6xf32>
  %x = linalg.transpose ins(%h : tensor<2x5x3x6xf32>) outs(%e : tensor<2x3x5x6xf32>) permutation = [0, 2, 1, 3]
  %y = pleat.rotary %x, %c, %c : tensor<2x3x5x6xf32>, tensor<1x5x3xf32>, tensor<1x5x3xf32> -> tensor<2x3x5x6xf32>
  return %y : tensor<2x3x5x6xf32>
}
// CHECK: func.func private @[[ROTARY]](%{{.+}}: tensor<2x5x18xf32>
// CHECK-SAME: pleat.parallel
// CHECK: linalg.transpose
// CHECK: pleat.rotary

// -----

// Batch and heads are merged before they are parted again, which no strides describe: these
// transposes get kernels of their own, and the attention reads what they made.
// CHECK-LABEL: func.func @main
func.func @main(%p: tensor<?x?x48xf32> {pleat.name = "p", pleat.dims = ["s", "b", 48]})
    -> (tensor<?x4x?x4xf32> {pleat.name = "y", pleat.dims = ["b", 4, "s", 4]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %s = tensor.dim %p, %c0 : tensor<?x?x48xf32>
  %b = tensor.dim %p, %c1 : tensor<?x?x48xf32>
  %heads = affine.apply affine_map<()[b] -> (b * 4)>()[%b]
  %slice = tensor.extract_slice %p[0, 0, 16] [%s, %b, 16] [1, 1, 1] : tensor<?x?x48xf32> to tensor<?x?x16xf32>
  %merged = pleat.reshape %slice [%s, %heads] : tensor<?x?x16xf32> -> tensor<?x?x4xf32>
  %empty = tensor.empty(%heads, %s) : tensor<?x?x4xf32>
  // CHECK: pleat.launch @transpose
  // CHECK: pleat.launch @attention
  %t = linalg.transpose ins(%merged : tensor<?x?x4xf32>) outs(%empty : tensor<?x?x4xf32>) permutation = [1, 0, 2]
  %q = pleat.reshape %t [%b, %s] : tensor<?x?x4xf32> -> tensor<?x4x?x4xf32>
  %y = pleat.attention %q, %q, %q {scale = 0.5 : f32}
         : tensor<?x4x?x4xf32>, tensor<?x4x?x4xf32>, tensor<?x4x?x4xf32> -> tensor<?x4x?x4xf32>
  return %y : tensor<?x4x?x4xf32>
}

// -----

// What is worth it is shared by threads, also where the first loop reduces; 40 numbers are not.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<64x?xf32> {pleat.name = "x", pleat.dims = [64, "n"]},
                %z: tensor<5x8xf32> {pleat.name = "z", pleat.dims = [5, 8]})
    -> (tensor<?xf32> {pleat.name = "y", pleat.dims = ["n"]},
        tensor<64x?xf32> {pleat.name = "a", pleat.dims = [64, "n"]},
        tensor<5x8xf32> {pleat.name = "b", pleat.dims = [5, 8]}) {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c1 : tensor<64x?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(k, j) -> (k, j)>, affine_map<(k, j) -> (j)>],
                       iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<64x?xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%v: f32, %sum: f32):
    %s = arith.addf %v, %sum : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %a = pleat.activation <relu> %x : tensor<64x?xf32>
  %b = pleat.activation <relu> %z : tensor<5x8xf32>
  return %y, %a, %b : tensor<?xf32>, tensor<64x?xf32>, tensor<5x8xf32>
}
// CHECK: func.func private @generic_n(
// CHECK-SAME: attributes {pleat.kernel, pleat.parallel}
// CHECK: func.func private @activation_64xn(
// CHECK-SAME: attributes {pleat.kernel, pleat.parallel}
// CHECK: func.func private @activation_5x8(
// CHECK-SAME: attributes {pleat.kernel}

// -----

// A product keeps f32 in its registers: what makes another type of it is a kernel of its own.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<3x5xf32> {pleat.name = "x", pleat.dims = [3, 5]})
    -> (tensor<3x7xf16> {pleat.name = "y", pleat.dims = [3, 7]}) {
  // CHECK: %[[P:.+]] = pleat.launch @linear_5x7(%{{.+}}) : {{.+}} -> tensor<3x7xf32>
  // CHECK: pleat.launch @{{.+}}(%[[P]]) : (tensor<3x7xf32>) -> tensor<3x7xf16>
  %w = pleat.weight "b3:0a" {layout = #pleat.layout<panel16>} : tensor<5x7xf32>
  %p = pleat.linear %x, %w : tensor<3x5xf32>, tensor<5x7xf32> -> tensor<3x7xf32>
  %e = tensor.empty() : tensor<3x7xf16>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
         ins(%p : tensor<3x7xf32>) outs(%e : tensor<3x7xf16>) {
  ^bb0(%in: f32, %out: f16):
    %h = arith.truncf %in : f32 to f16
    linalg.yield %h : f16
  } -> tensor<3x7xf16>
  return %y : tensor<3x7xf16>
}

// -----

// A weight that is stored as it is, is transposed by what reads it.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<3x5xf16> {pleat.name = "x", pleat.dims = [3, 5]})
    -> (tensor<3x7xf16> {pleat.name = "y", pleat.dims = [3, 7]}) {
  // CHECK: %[[W:.+]] = pleat.weight "b3:0a"
  // CHECK-NOT: pleat.transposed
  // CHECK: pleat.launch @[[LINEAR:.+]](%[[W]], %{{.+}})
  %w = pleat.weight "b3:0a" {layout = #pleat.layout<row_major>} : tensor<7x5xf16>
  %t = pleat.transposed %w : tensor<7x5xf16>
  %y = pleat.linear %x, %t : tensor<3x5xf16>, tensor<5x7xf16> -> tensor<3x7xf16>
  return %y : tensor<3x7xf16>
}
// CHECK: func.func private @[[LINEAR]](%[[A:.+]]: tensor<7x5xf16> {{.+}}, %[[X:.+]]: tensor<3x5xf16>)
// CHECK: %[[T:.+]] = pleat.transposed %[[A]]
// CHECK: pleat.linear %[[X]], %[[T]]
