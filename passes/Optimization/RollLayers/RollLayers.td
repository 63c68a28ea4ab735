#ifndef PLEAT_PASSES_OPTIMIZATION_ROLLLAYERS_TD
#define PLEAT_PASSES_OPTIMIZATION_ROLLLAYERS_TD

include "mlir/Pass/PassBase.td"

def RollLayers : Pass<"pleat-roll-layers", "mlir::func::FuncOp"> {
  let summary = "Make one repeat of layers that follow each other";
  let description = [{
    Finds the longest run of ops that repeats with a fixed period, equal in everything but
    weights and per-layer inputs, and replaces it by one `pleat.repeat`. What the layers
    hand on is carried; what all of them read is shared; weights and inputs that differ are
    stacked; what is read from each layer later is collected. Among the places where a
    period may be cut, the one that carries least is taken. Exact: the same ops run in the
    same order. Does nothing to fewer than `min-repeats` layers.

    Method: labels and periods as in section 3.3 of the outlining of isomorphic repeats;
    the run is checked op by op before it is rolled.

    **Before**
    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %a = pleat.weight "b3:01" : tensor<8x8xf32>
      %b = pleat.weight "b3:02" : tensor<8x8xf32>
      %1 = pleat.linear %x, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
      %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
      %3 = pleat.linear %2, %b : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
      %4 = pleat.activation <relu> %3 : tensor<4x8xf32>
      return %4 : tensor<4x8xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %a = pleat.weight "b3:01" : tensor<8x8xf32>
      %b = pleat.weight "b3:02" : tensor<8x8xf32>
      %ws = pleat.stack %a, %b : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<2x8x8xf32>
      %r = pleat.repeat 2 carried(%x) stacked(%ws) : (tensor<4x8xf32>, tensor<2x8x8xf32>) -> tensor<4x8xf32> {
      ^bb0(%h: tensor<4x8xf32>, %w: tensor<8x8xf32>):
        %1 = pleat.linear %h, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
        %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
        pleat.yield %2 : tensor<4x8xf32>
      }
      return %r : tensor<4x8xf32>
    }
    ```
  }];
  let options = [
    Option<"minRepeats", "min-repeats", "unsigned", "2", "Fewest layers worth a loop">,
    Option<"minOps", "min-ops", "unsigned", "2", "Fewest ops a layer must have">
  ];
  let dependentDialects = ["::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_ROLLLAYERS_TD
