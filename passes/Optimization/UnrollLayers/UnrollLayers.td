#ifndef PLEAT_PASSES_OPTIMIZATION_UNROLLLAYERS_TD
#define PLEAT_PASSES_OPTIMIZATION_UNROLLLAYERS_TD

include "mlir/Pass/PassBase.td"

def UnrollLayers : Pass<"pleat-unroll-layers", "mlir::func::FuncOp"> {
  let summary = "Write out each iteration of a repeat";
  let description = [{
    The reverse of RollLayers: every `pleat.repeat` becomes its body, `count` times, with
    stacked operands replaced by what was stacked. Exact.

    **Before**
    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %w = pleat.weight "b3:01" : tensor<8x8xf32>
      %r = pleat.repeat 2 carried(%x) stacked() : (tensor<4x8xf32>) -> tensor<4x8xf32> {
      ^bb0(%h: tensor<4x8xf32>):
        %1 = pleat.linear %h, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
        pleat.yield %1 : tensor<4x8xf32>
      }
      return %r : tensor<4x8xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %w = pleat.weight "b3:01" : tensor<8x8xf32>
      %1 = pleat.linear %x, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
      %2 = pleat.linear %1, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
      return %2 : tensor<4x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_UNROLLLAYERS_TD
