// RUN: %pleat-opt %s --pleat-expand-tiles | %FileCheck %s

// Tiles are their rows; carried tiles are carried rows; a product walks rows and pairs.

// CHECK-LABEL: @products
// CHECK: %[[SUMS:.+]]:2 = scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>)
// CHECK: scf.for
// CHECK: scf.for
// CHECK: math.fma
// CHECK: math.fma
// CHECK-NOT: math.fma
// CHECK: vector.store %[[SUMS]]#0
// CHECK: vector.store %[[SUMS]]#1
// CHECK-NOT: amx.
func.func @products(%a: memref<?xbf16>, %b: memref<?xbf16>, %c: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %zero = amx.tile_zero : !amx.tile<2x16xf32>
  %sums = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero) -> (!amx.tile<2x16xf32>) {
    %left = amx.tile_load %a[%i], %c32 : memref<?xbf16> into !amx.tile<2x32xbf16>
    %right = amx.tile_load %b[%i], %c32 : memref<?xbf16> into !amx.tile<16x32xbf16>
    %next = amx.tile_mulf %left, %right, %sum : !amx.tile<2x32xbf16>, !amx.tile<16x32xbf16>, !amx.tile<2x16xf32>
    scf.yield %next : !amx.tile<2x16xf32>
  }
  amx.tile_store %c[%c0], %sums, %c16 : memref<?xf32>, !amx.tile<2x16xf32>
  return
}
