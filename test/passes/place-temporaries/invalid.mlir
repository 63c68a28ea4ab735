// RUN: %pleat-opt %s --split-input-file --verify-diagnostics --pleat-place-temporaries

// One byte more than the stack may hold, and no scratch.
func.func @too_large(%slots: !llvm.ptr, %part: i64) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i8
  // expected-error @below {{expects temporaries without scratch to be static and at most 4096 bytes, but kernel 'too_large' needs a 'memref<4097xi8>'}}
  %buffer = memref.alloc() : memref<4097xi8>
  memref.store %zero, %buffer[%c0] : memref<4097xi8>
  return
}
