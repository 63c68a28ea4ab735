#ifndef PLEAT_PASSES_OPTIMIZATION_FUSEELEMENTWISE_TD
#define PLEAT_PASSES_OPTIMIZATION_FUSEELEMENTWISE_TD

include "mlir/Pass/PassBase.td"

def FuseElementwise : Pass<"pleat-fuse-elementwise", "mlir::func::FuncOp"> {
  let summary = "Make one op of elementwise ops that follow each other";
  let description = [{
    Joins an elementwise linalg op with its only reader, folds constants of one value into
    the ops that read them, and turns a transpose into the access map of its reader.
    Transposes next to an attention, or before a rotary embedding, stay: their kernels work
    through strides.

    **Before**
    ```mlir
    #id = affine_map<(i) -> (i)>
    func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
      %e = tensor.empty() : tensor<8xf32>
      %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
             ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
      ^bb0(%in: f32, %out: f32):
        %n = arith.negf %in : f32
        linalg.yield %n : f32
      } -> tensor<8xf32>
      %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
             ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) {
      ^bb0(%in: f32, %out: f32):
        %n = math.exp %in : f32
        linalg.yield %n : f32
      } -> tensor<8xf32>
      return %b : tensor<8xf32>
    }
    ```
    **After**
    ```mlir
    #id = affine_map<(i) -> (i)>
    func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
      %e = tensor.empty() : tensor<8xf32>
      %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
             ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
      ^bb0(%in: f32, %out: f32):
        %m = arith.negf %in : f32
        %n = math.exp %m : f32
        linalg.yield %n : f32
      } -> tensor<8xf32>
      return %b : tensor<8xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect", "mlir::affine::AffineDialect"];
}

#endif // PLEAT_PASSES_OPTIMIZATION_FUSEELEMENTWISE_TD
