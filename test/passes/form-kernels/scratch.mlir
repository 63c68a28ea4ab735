// RUN: %pleat-opt %s --mlir-print-local-scope --pleat-form-kernels=levels=x86-64-v3 | %FileCheck %s --check-prefixes=CHECK,V3
// RUN: %pleat-opt %s --mlir-print-local-scope --pleat-form-kernels=levels=x86-64-v3,x86-64-v4 | %FileCheck %s --check-prefixes=CHECK,V4
// RUN: %pleat-opt %s --mlir-print-local-scope --pleat-form-kernels | %FileCheck %s --check-prefixes=CHECK,ALL
// RUN: %not %pleat-opt %s --mlir-print-local-scope --pleat-form-kernels=levels=x86-64-v9 2>&1 | %FileCheck %s --check-prefix=UNKNOWN
// Scratch is planned for the levels that kernels are compiled for and for no others.

// UNKNOWN: error: unknown level 'x86-64-v9'; known: x86-64-v3, x86-64-v4, x86-64-v4-amx

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x320xf32> {pleat.name = "x", pleat.dims = ["n", 320]})
    -> (tensor<?x80xf32> {pleat.name = "y", pleat.dims = ["n", 80]}) {
  %w = pleat.weight "b3:0a" {layout = #pleat.layout<amx_bf16>} : tensor<320x80xf32>
  %y = pleat.linear %x, %w : tensor<?x320xf32>, tensor<320x80xf32> -> tensor<?x80xf32>
  return %y : tensor<?x80xf32>
}
// CHECK: func.func private @linear_320x80
// V3-SAME: pleat.scratch = affine_map<{{.*}} -> (40960)>
// V4-SAME: pleat.scratch = affine_map<{{.*}} -> (81920)>
// ALL-SAME: pleat.scratch = affine_map<{{.*}} -> (90112)>
