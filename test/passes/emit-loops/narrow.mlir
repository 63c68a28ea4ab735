// RUN: %pleat-opt %s --split-input-file --pleat-emit-loops=vector-bytes=32 | %FileCheck %s

// Bodies on f16 and bf16 compute in f32.

// The sums of a product stay in f32 over the whole depth and are rounded once.
// CHECK-LABEL: @product
// CHECK: scf.for {{.+}} iter_args(%{{.+}} = %{{.+}}) -> (f32)
// CHECK: arith.extf {{.+}} : f16 to f32
// CHECK: math.fma {{.+}} : f32
// CHECK-NOT: arith.truncf
// CHECK: scf.yield
// CHECK: %[[SUM:.+]] = arith.truncf {{.+}} : f32 to f16
// CHECK: memref.store %[[SUM]]
func.func @product(%x: memref<3x5xf16>, %w: memref<5x7xf16>, %y: memref<3x7xf16>) {
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                                   affine_map<(i, j, k) -> (i, j)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<3x5xf16>, memref<5x7xf16>) outs(%y : memref<3x7xf16>) {
  ^bb0(%a: f16, %b: f16, %sum: f16):
    %s = math.fma %a, %b, %sum : f16
    linalg.yield %s : f16
  }
  return
}

// -----

// What the model casts is rounded on the way, and its integers by way of f32.
// CHECK-LABEL: @casts
// CHECK: %[[WIDE:.+]] = arith.sitofp %{{.+}} : vector<8xi32> to vector<8xf32>
// CHECK: %[[SHORT:.+]] = arith.truncf %[[WIDE]] : vector<8xf32> to vector<8xbf16>
// CHECK: arith.extf %[[SHORT]]
// CHECK: arith.truncf {{.+}} to vector<8xbf16>
// CHECK-NEXT: %[[AGAIN:.+]] = arith.extf
// CHECK: arith.addf %{{.+}}, %[[AGAIN]] : vector<8xf32>
func.func @casts(%n: memref<9xi32>, %x: memref<9xf32>, %y: memref<9xbf16>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%n, %x : memref<9xi32>, memref<9xf32>) outs(%y : memref<9xbf16>) {
  ^bb0(%i: i32, %a: f32, %old: bf16):
    %f = arith.sitofp %i : i32 to bf16
    %c = arith.truncf %a : f32 to bf16
    %s = arith.addf %f, %c : bf16
    linalg.yield %s : bf16
  }
  return
}

// -----

// The bits of an element are those in memory.
// CHECK-LABEL: @bits
// CHECK: %[[X:.+]] = arith.truncf {{.+}} : vector<8xf32> to vector<8xf16>
// CHECK: arith.bitcast %[[X]] : vector<8xf16> to vector<8xi16>
func.func @bits(%x: memref<9xf16>, %y: memref<9xi16>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : memref<9xf16>) outs(%y : memref<9xi16>) {
  ^bb0(%a: f16, %old: i16):
    %b = arith.bitcast %a : f16 to i16
    linalg.yield %b : i16
  }
  return
}

// -----

// Where nothing is computed, elements are moved as they are.
// CHECK-LABEL: @negative_copy
// CHECK-NOT: arith.extf
func.func @negative_copy(%x: memref<9xf16>, %y: memref<9xf16>) {
  linalg.copy ins(%x : memref<9xf16>) outs(%y : memref<9xf16>)
  return
}
