#ifndef PLEAT_PASSES_OPTIMIZATION_COUNTWORK_TD
#define PLEAT_PASSES_OPTIMIZATION_COUNTWORK_TD

include "mlir/Pass/PassBase.td"

def CountWork : Pass<"pleat-count-work", "mlir::func::FuncOp"> {
  let summary = "Note what one run computes and reads";
  let description = [{
    Gives the function the attribute `pleat.work`: a map from its dimensions, in order of
    first appearance, to the arithmetic operations of a run and the bytes that it cannot
    help but read: weights, once for each use and iteration (of a gather's table the rows
    taken), and inputs. A multiply-add is two operations, an elementary function one; what
    attention masks out counts. Without the size of some tensor there is no attribute.

    **Before**
    ```mlir
    func.func @main(%x: tensor<?x8xf32> {pleat.dims = ["n", 8]}) -> tensor<?x6xf32> {
      %w = pleat.weight "b3:01" : tensor<8x6xf32>
      %y = pleat.linear %x, %w : tensor<?x8xf32>, tensor<8x6xf32> -> tensor<?x6xf32>
      return %y : tensor<?x6xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<?x8xf32> {pleat.dims = ["n", 8]}) -> tensor<?x6xf32>
        attributes {pleat.work = affine_map<()[n] -> (n * 96, n * 32 + 192)>} {
      %w = pleat.weight "b3:01" : tensor<8x6xf32>
      %y = pleat.linear %x, %w : tensor<?x8xf32>, tensor<8x6xf32> -> tensor<?x6xf32>
      return %y : tensor<?x6xf32>
    }
    ```
  }];
}

#endif // PLEAT_PASSES_OPTIMIZATION_COUNTWORK_TD
