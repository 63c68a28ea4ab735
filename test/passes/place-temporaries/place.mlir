// RUN: %pleat-opt %s --split-input-file --pleat-place-temporaries | %FileCheck %s

// Where buffers go.

// Static and small: the stack, at the function's start even from within a loop.
// CHECK-LABEL: @in_a_loop
// CHECK-NEXT: memref.alloca() {alignment = 64 : i64} : memref<4x8xf32>
// CHECK-NOT: memref.alloc()
func.func @in_a_loop(%slots: !llvm.ptr, %part: i64, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %n step %c1 {
    %row = memref.alloc() : memref<4x8xf32>
    memref.store %zero, %row[%c0, %c0] : memref<4x8xf32>
  }
  return
}

// -----

// Dynamic: this part's scratch, one piece behind the other.
// CHECK-LABEL: @two_pieces
// CHECK: llvm.getelementptr %{{.+}}[5]
// CHECK: llvm.getelementptr %{{.+}}[6]
// CHECK: arith.andi
// CHECK: %[[OFFSET:.+]] = arith.index_cast
// CHECK: llvm.getelementptr %{{.+}}[%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NOT: memref.alloc
func.func @two_pieces(%slots: !llvm.ptr, %part: i64, %n: index) attributes {pleat.scratch_slot = 5 : i64} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %first = memref.alloc(%n) : memref<?xf32>
  memref.store %zero, %first[%c0] : memref<?xf32>
  %second = memref.alloc(%n) : memref<?xf32>
  memref.store %zero, %second[%c0] : memref<?xf32>
  return
}
