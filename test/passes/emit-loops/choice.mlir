// RUN: %pleat-opt %s --split-input-file --pleat-emit-loops=vector-bytes=32 | %FileCheck %s

// Which loop becomes vectors.

// The last axis, in vectors of 8 and then one by one; the broadcast column is read once a row.
// CHECK-LABEL: @rows_plus_column
// CHECK: scf.for %[[I:.+]] =
// CHECK: scf.for %[[J:.+]] =
// CHECK: vector.load %{{.+}}[%[[I]], %[[J]]] : memref<?x?xf32>, vector<8xf32>
// CHECK: %[[C:.+]] = memref.load %{{.+}}[%[[I]]] : memref<?xf32>
// CHECK: vector.broadcast %[[C]]
// CHECK: scf.for
// CHECK-NOT: vector
// CHECK: memref.store
func.func @rows_plus_column(%x: memref<?x?xf32>, %c: memref<?xf32>, %y: memref<?x?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %old: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Sums of rows: four vectors side by side, then a tree; no reassociating flag anywhere.
// CHECK-LABEL: @row_sums
// CHECK: scf.for %{{.+}} = {{.+}} iter_args({{.+}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK: vector.shuffle
// CHECK-NOT: fastmath
// CHECK: memref.store
func.func @row_sums(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Sums of columns go along the columns' axis and keep blocks of sums in registers.
// CHECK-LABEL: @column_sums
// CHECK: scf.for %{{.+}} = {{.+}} iter_args({{.+}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK-NOT: vector.shuffle
func.func @column_sums(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(j, i) -> (i, j)>, affine_map<(j, i) -> (j)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Rows chosen by an index are read as vectors: the index does not move along a row.
// CHECK-LABEL: @chosen_rows
// CHECK: %[[ID:.+]] = memref.load %{{.+}} : memref<?xi64>
// CHECK: %[[ROW:.+]] = arith.index_cast %[[ID]]
// CHECK: vector.load %{{.+}}[%[[ROW]], %{{.+}}] : memref<9x64xf32>, vector<4xf32>
func.func @chosen_rows(%table: memref<9x64xf32>, %ids: memref<?xi64>, %y: memref<?x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%ids : memref<?xi64>) outs(%y : memref<?x64xf32>) {
  ^bb0(%id: i64, %old: f32):
    %row = arith.index_cast %id : i64 to index
    %j = linalg.index 1 : index
    %v = memref.load %table[%row, %j] : memref<9x64xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

// No order of adding may be chosen for this body, and its result does not move: no vectors.
// CHECK-LABEL: @negative_last_value
// CHECK-NOT: vector
// CHECK: return
func.func @negative_last_value(%x: memref<?xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<?xf32>) outs(%y : memref<f32>) {
  ^bb0(%a: f32, %last: f32):
    %d = arith.subf %a, %last : f32
    linalg.yield %d : f32
  }
  return
}

// -----

// Bits are bytes in memory, so vectors of them are put together.
// CHECK-LABEL: @compare
// CHECK-NOT: vector.store
// CHECK: memref.store %{{.+}} : memref<?xi1>
func.func @compare(%x: memref<?xf32>, %y: memref<?xi1>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%y : memref<?xi1>) {
  ^bb0(%a: f32, %old: i1):
    %zero = arith.constant 0.0 : f32
    %c = arith.cmpf olt, %a, %zero : f32
    linalg.yield %c : i1
  }
  return
}

// -----

// CHECK-LABEL: @copy
// CHECK: vector.load %{{.+}} : memref<?xf32>, vector<8xf32>
// CHECK-NOT: memref.copy
func.func @copy(%x: memref<?xf32>, %y: memref<?xf32>) {
  memref.copy %x, %y : memref<?xf32> to memref<?xf32>
  return
}
