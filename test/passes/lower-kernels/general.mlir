// RUN: %pleat-opt %s --split-input-file --pleat-lower-kernels=levels=x86-64-v3 | %FileCheck %s

// The general path: results in place, temporaries of a row, parts. Numbers are checked by
// test/unit/passes/Conversion/PleatToLinalgTest.cpp, which runs such kernels.

// No buffer and no call: the sum is computed where the result belongs.
// CHECK-LABEL: llvm.func @add_v3(%{{.*}}: !llvm.ptr, %{{.*}}: i64)
// CHECK-SAME: pleat.kernel_name = "add"
// CHECK-SAME: pleat.level = "x86-64-v3"
// CHECK-SAME: target_cpu = "x86-64-v3"
// CHECK-NOT: llvm.alloca
// CHECK-NOT: llvm.call
// CHECK: llvm.fadd %{{.*}} : vector<8xf32>
// CHECK: llvm.return
func.func private @add(%a: tensor<?x24xf32>, %b: tensor<?x24xf32>) -> tensor<?x24xf32> attributes {pleat.kernel} {
  %y = pleat.sum %a, %b : tensor<?x24xf32>
  return %y : tensor<?x24xf32>
}

// -----

// The sums of rows are not stored for all rows: one number lives on the stack.
// CHECK-LABEL: llvm.func @row_shares_v3
// CHECK: llvm.alloca %{{.*}} x f32
// CHECK-NOT: llvm.alloca
// CHECK: llvm.return
#row = affine_map<(i, j) -> (i)>
#element = affine_map<(i, j) -> (i, j)>
func.func private @row_shares(%x: tensor<?x40xf32>) -> tensor<?x40xf32> attributes {pleat.kernel, pleat.parallel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x40xf32>
  %column = tensor.empty(%m) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%column : tensor<?xf32>) -> tensor<?xf32>
  %sums = linalg.generic {indexing_maps = [#element, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x40xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %empty = tensor.empty(%m) : tensor<?x40xf32>
  %y = linalg.generic {indexing_maps = [#element, #row, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sums : tensor<?x40xf32>, tensor<?xf32>) outs(%empty : tensor<?x40xf32>) {
  ^bb0(%a: f32, %sum: f32, %old: f32):
    %share = arith.divf %a, %sum : f32
    linalg.yield %share : f32
  } -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// -----

// A temporary that no stack holds stands in the scratch that the kernel declares: slots 7 and 8.
// CHECK-LABEL: llvm.func @scaled_twice_v3
// CHECK: llvm.getelementptr %{{.*}}[7]
// CHECK-NOT: llvm.alloca
func.func private @scaled_twice(%x: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {pleat.kernel, pleat.scratch = affine_map<(d0, d1, d2, d3) -> (d1 * 4 + 64)>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf32>
  %once = linalg.add ins(%x, %x : tensor<?x?xf32>, tensor<?x?xf32>) outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  %twice = linalg.add ins(%once, %once : tensor<?x?xf32>, tensor<?x?xf32>) outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %twice : tensor<?x?xf32>
}

// -----

// A batch may be 1: the run chooses which of the two loops it cuts.
// CHECK-LABEL: llvm.func @batches_v3
// CHECK: %[[PARTS:.+]] = llvm.load %arg0 : !llvm.ptr -> i64
// CHECK: llvm.srem %[[BATCHES:.+]], %[[PARTS]]
// CHECK: llvm.srem %[[ROWS:.+]], %[[PARTS]]
// CHECK: llvm.return
func.func private @batches(%x: tensor<?x?x40xf32>) -> tensor<?x?x40xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.activation #pleat.activation_kind<relu> %x : tensor<?x?x40xf32>
  return %y : tensor<?x?x40xf32>
}

// -----

// Of known sizes the best is cut: here the second, as 3 rows are shared badly.
// CHECK-LABEL: llvm.func @known_sizes_v3
// CHECK-NOT: llvm.srem
// CHECK: llvm.return
func.func private @known_sizes(%x: tensor<3x32x40xf32>) -> tensor<3x32x40xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.activation #pleat.activation_kind<relu> %x : tensor<3x32x40xf32>
  return %y : tensor<3x32x40xf32>
}

// -----

// A kernel that is still launched stays.
// CHECK: func.func private @kept
// CHECK: llvm.func @kept_v3
func.func private @kept(%x: tensor<4xf32>) -> tensor<4xf32> attributes {pleat.kernel} {
  %y = pleat.activation #pleat.activation_kind<relu> %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = pleat.launch @kept(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// Panels of a tied embedding, read by index: the type is the stored shape.
// CHECK-LABEL: llvm.func @from_panels_v3
// CHECK-NOT: llvm.alloca
// CHECK: llvm.return
func.func private @from_panels(%panels: tensor<2x5x16xf32> {pleat.layout = #pleat.layout<panel16>}, %ids: tensor<?xi64>)
    -> tensor<?x5xf32> attributes {pleat.kernel, pleat.parallel} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %n = tensor.dim %ids, %c0 : tensor<?xi64>
  %empty = tensor.empty(%n) : tensor<?x5xf32>
  %rows = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                          iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<?xi64>) outs(%empty : tensor<?x5xf32>) {
  ^bb0(%id: i64, %old: f32):
    %row = arith.index_cast %id : i64 to index
    %panel = arith.divui %row, %c16 : index
    %lane = arith.remui %row, %c16 : index
    %column = linalg.index 1 : index
    %v = tensor.extract %panels[%panel, %column, %lane] : tensor<2x5x16xf32>
    linalg.yield %v : f32
  } -> tensor<?x5xf32>
  return %rows : tensor<?x5xf32>
}
