#ifndef PLEAT_PASSES_COMPRESSION_REDUCESTEPS_TD
#define PLEAT_PASSES_COMPRESSION_REDUCESTEPS_TD

include "mlir/Pass/PassBase.td"

def ReduceSteps : Pass<"pleat-reduce-steps", "mlir::ModuleOp"> {
  let summary = "Run a repeated residual layer fewer times, in larger steps";
  let description = [{
    A layer h + F(h) applied N times with the same weights is N steps of size 1 of Euler's
    method for dh/dt = F(h). The same interval is covered by n steps of size s = N / n
    (arXiv 2310.12818 views shared layers so). Lossy, and said with a warning; the ledger
    gets a row. `residual` says where the step goes:

    - `branch`: every residual branch of the layer is scaled, h + s F(h). Branches are the
      additions on the way from the layer's input to its result, through norms;
    - `block`: the layer B as a whole, h + s (B(h) - h), whatever it consists of.

    An error: more iterations than there are, no repeat, more than one value carried, a value
    collected from each iteration (a cache, say), in `branch` a layer without such additions.
    Weights that differ between layers are an error too, as then F changes from step to step;
    with `distinct=nearest`, step k of n takes those of layer floor((k + 1/2) N / n).

    **Before** `--pleat-reduce-steps=iterations=2`
    ```mlir
    #id = affine_map<(i, j) -> (i, j)>
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %w = pleat.weight "b3:01" : tensor<8x8xf32>
      %e = tensor.empty() : tensor<4x8xf32>
      %r = pleat.repeat 4 carried(%x) stacked() : (tensor<4x8xf32>) -> tensor<4x8xf32> {
      ^bb0(%h: tensor<4x8xf32>):
        %f = pleat.linear %h, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
        %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
               ins(%h, %f : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
        ^bb0(%a: f32, %b: f32, %out: f32):
          %sum = arith.addf %a, %b : f32
          linalg.yield %sum : f32
        } -> tensor<4x8xf32>
        pleat.yield %s : tensor<4x8xf32>
      }
      return %r : tensor<4x8xf32>
    }
    ```
    **After**
    ```mlir
    #id = affine_map<(i, j) -> (i, j)>
    module attributes {pleat.ledger = [{bytes_after = 256 : i64, bytes_before = 256 : i64, class = "lossy", flops_after = 256 : i64, flops_before = 512 : i64, pass = "reduce-steps", weight = "repeat of 4 layers, 2 run", weight_error = 0.000000e+00 : f64} ]} {
      func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
        %w = pleat.weight "b3:01" : tensor<8x8xf32>
        %e = tensor.empty() : tensor<4x8xf32>
        %r = pleat.repeat 2 carried(%x) stacked() : (tensor<4x8xf32>) -> tensor<4x8xf32> {
        ^bb0(%h: tensor<4x8xf32>):
          %f = pleat.linear %h, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
          %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
                 ins(%h, %f : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
          ^bb0(%a: f32, %b: f32, %out: f32):
            %step = arith.constant 2.0 : f32
            %scaled = arith.mulf %b, %step : f32
            %sum = arith.addf %a, %scaled : f32
            linalg.yield %sum : f32
          } -> tensor<4x8xf32>
          pleat.yield %s : tensor<4x8xf32>
        }
        return %r : tensor<4x8xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"iterations", "iterations", "int64_t", "0", "Iterations to run, at least 1 and at most those there are">,
    Option<"residual", "residual", "std::string", "\"branch\"", "Where the step goes: branch or block">,
    Option<"distinct", "distinct", "std::string", "\"refuse\"", "What to do with weights that differ: refuse or nearest">
  ];
  let dependentDialects = ["::pleat::PleatDialect", "mlir::linalg::LinalgDialect", "mlir::arith::ArithDialect",
                           "mlir::tensor::TensorDialect", "mlir::affine::AffineDialect"];
}

#endif // PLEAT_PASSES_COMPRESSION_REDUCESTEPS_TD
