#ifndef PLEAT_PASSES_OPTIMIZATION_KEEPSTATES_TD
#define PLEAT_PASSES_OPTIMIZATION_KEEPSTATES_TD

include "mlir/Pass/PassBase.td"

def KeepStates : Pass<"pleat-keep-states", "mlir::func::FuncOp"> {
  let summary = "Make pairs of an argument and a result states of the session";
  let description = [{
    The function's attribute `pleat.states` lists pairs of names: an argument and the result
    that the next run gets in its place. A result that is the argument with rows
    concatenated behind it along one axis becomes `pleat.append`, so that the session can
    write the rows where the argument lies; a result of the argument's shape replaces it.
    The argument gets the attribute `pleat.state`: the result's number and, of an appended
    state, the axis. Exact. Does nothing without the attribute.

    A pair whose shapes fit neither way is an error.

    **Before**
    ```mlir
    func.func @main(%past: tensor<2x?xf32> {pleat.name = "past", pleat.dims = [2, "p"]},
                    %new: tensor<2x3xf32> {pleat.name = "new", pleat.dims = [2, 3]})
        -> (tensor<2x?xf32> {pleat.name = "all", pleat.dims = [2, "p + 3"]})
        attributes {pleat.states = [["past", "all"]]} {
      %c1 = arith.constant 1 : index
      %p = tensor.dim %past, %c1 : tensor<2x?xf32>
      %n = affine.apply affine_map<()[s0] -> (s0 + 3)>()[%p]
      %e = tensor.empty(%n) : tensor<2x?xf32>
      %a = tensor.insert_slice %past into %e[0, 0] [2, %p] [1, 1] : tensor<2x?xf32> into tensor<2x?xf32>
      %b = tensor.insert_slice %new into %a[0, %p] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<2x?xf32>
      return %b : tensor<2x?xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%past: tensor<2x?xf32> {pleat.name = "past", pleat.dims = [2, "p"], pleat.state = {axis = 1 : i64, result = 0 : i64} },
                    %new: tensor<2x3xf32> {pleat.name = "new", pleat.dims = [2, 3]})
        -> (tensor<2x?xf32> {pleat.name = "all", pleat.dims = [2, "p + 3"]}) {
      %b = pleat.append %past, %new axis 1 : tensor<2x?xf32>, tensor<2x3xf32> -> tensor<2x?xf32>
      return %b : tensor<2x?xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_KEEPSTATES_TD
