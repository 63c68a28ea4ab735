// RUN: %pleat-opt %s --split-input-file --pleat-expand-reshapes | %FileCheck %s

// Reshapes of dense buffers.

// CHECK-LABEL: @split_and_join
// CHECK: memref.reinterpret_cast %{{.+}} to offset: [0], sizes: [%[[A:.+]], %[[B:.+]], 5], strides: [%{{.+}}, 5, 1]
// CHECK-NOT: expand_shape
// CHECK-NOT: collapse_shape
func.func @split_and_join(%x: memref<?x5xf32>, %a: index, %b: index) -> memref<?xf32> {
  %y = memref.expand_shape %x [[0, 1], [2]] output_shape [%a, %b, 5] : memref<?x5xf32> into memref<?x?x5xf32>
  %z = memref.collapse_shape %y [[0, 1, 2]] : memref<?x?x5xf32> into memref<?xf32>
  return %z : memref<?xf32>
}

// -----

// Rows with gaps between them are no dense buffer.
// CHECK-LABEL: @negative_strided
// CHECK: memref.expand_shape
func.func @negative_strided(%x: memref<4x6xf32, strided<[8, 1]>>) -> memref<4x2x3xf32, strided<[8, 3, 1]>> {
  %y = memref.expand_shape %x [[0], [1, 2]] output_shape [4, 2, 3]
      : memref<4x6xf32, strided<[8, 1]>> into memref<4x2x3xf32, strided<[8, 3, 1]>>
  return %y : memref<4x2x3xf32, strided<[8, 3, 1]>>
}
