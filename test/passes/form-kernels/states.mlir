// RUN: %pleat-opt --pleat-form-kernels %s -split-input-file | %FileCheck %s
// Kernels read and write appended states where they lie; where they cannot, rows are copied.

// The kernel that makes the rows has them strided in its result, the one that reads the state in
// its argument.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[PAST:[^:]+]]: tensor<?x?x6xf32>
// CHECK: %[[ROWS:.+]] = pleat.launch @[[MAKE:.+]](%{{.+}}) sizes
// CHECK: %[[NEW:.+]] = pleat.reshape %[[ROWS]]
// CHECK: %[[ALL:.+]] = pleat.append %[[PAST]], %[[NEW]] axis 1
// CHECK: %[[SUM:.+]] = pleat.launch @[[READ:.+]](%{{.*}}%[[ALL]]
// CHECK: return %[[SUM]], %[[ALL]]
// CHECK: func.func private @[[MAKE]]({{.+}}) -> (tensor<?x?x2x3xf32> {pleat.strided})
// CHECK: func.func private @[[READ]]({{.*}}tensor<?x?x6xf32> {pleat.strided}{{.*}}) -> tensor<?x6xf32>
func.func @main(%past: tensor<?x?x6xf32> {pleat.name = "past", pleat.dims = ["b", "p", 6], pleat.state = {axis = 1 : i64, result = 1 : i64}},
                %x: tensor<?x?x2x3xf32> {pleat.name = "x", pleat.dims = ["b", "t", 2, 3]})
    -> (tensor<?x6xf32> {pleat.name = "sum", pleat.dims = ["b", 6]},
        tensor<?x?x6xf32> {pleat.name = "all", pleat.dims = ["b", "p + t", 6]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %x, %c0 : tensor<?x?x2x3xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x2x3xf32>
  %tanh = pleat.activation <tanh> %x : tensor<?x?x2x3xf32>
  %rows = pleat.reshape %tanh [%b, %t] : tensor<?x?x2x3xf32> -> tensor<?x?x6xf32>
  %all = pleat.append %past, %rows axis 1 : tensor<?x?x6xf32>, tensor<?x?x6xf32> -> tensor<?x?x6xf32>
  %e = tensor.empty(%b) : tensor<?x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x6xf32>) -> tensor<?x6xf32>
  %sum = linalg.reduce ins(%all : tensor<?x?x6xf32>) outs(%f : tensor<?x6xf32>) dimensions = [1]
    (%in: f32, %acc: f32) {
      %s = arith.addf %in, %acc : f32
      linalg.yield %s : f32
    }
  return %sum, %all : tensor<?x6xf32>, tensor<?x?x6xf32>
}

// -----

// Rows that are an argument are copied, and so is a state before it takes another shape.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[PAST:[^:]+]]: tensor<?x3xf32>{{.+}} %[[NEW:[^:]+]]: tensor<?x3xf32>
// CHECK: %[[ROWS:.+]] = pleat.launch @[[COPY:[a-z0-9_]+]](%{{.*}}%[[NEW]]
// CHECK: %[[ALL:.+]] = pleat.append %[[PAST]], %[[ROWS]] axis 0
// CHECK: %[[DENSE:.+]] = pleat.launch @[[GATHER:[a-z0-9_]+]](%{{.*}}%[[ALL]]
// CHECK: %[[FLAT:.+]] = pleat.reshape %[[DENSE]]
// CHECK: return %[[ALL]], %[[FLAT]]
// CHECK: func.func private @[[GATHER]]({{.*}}pleat.strided{{.*}}) -> tensor<?x3xf32>
func.func @main(%past: tensor<?x3xf32> {pleat.name = "past", pleat.dims = ["p", 3], pleat.state = {axis = 0 : i64, result = 0 : i64}},
                %new: tensor<?x3xf32> {pleat.name = "new", pleat.dims = ["t", 3]})
    -> (tensor<?x3xf32> {pleat.name = "all", pleat.dims = ["p + t", 3]},
        tensor<?xf32> {pleat.name = "flat", pleat.dims = ["p*3 + t*3"]}) {
  %c0 = arith.constant 0 : index
  %p = tensor.dim %past, %c0 : tensor<?x3xf32>
  %t = tensor.dim %new, %c0 : tensor<?x3xf32>
  %n = affine.apply affine_map<()[s0, s1] -> (s0 * 3 + s1 * 3)>()[%p, %t]
  %all = pleat.append %past, %new axis 0 : tensor<?x3xf32>, tensor<?x3xf32> -> tensor<?x3xf32>
  %flat = pleat.reshape %all [%n] : tensor<?x3xf32> -> tensor<?xf32>
  return %all, %flat : tensor<?x3xf32>, tensor<?xf32>
}
