#ifndef PLEAT_PASSES_CONVERSION_ONNXTOPLEAT_TD
#define PLEAT_PASSES_CONVERSION_ONNXTOPLEAT_TD

include "mlir/Pass/PassBase.td"

def ONNXToPleat : Pass<"convert-onnx-to-pleat", "mlir::func::FuncOp"> {
  let summary = "Convert imported nodes to pleat, linalg and tensor ops";
  let description = [{
    Makes recovered IR of imported IR: no onnx op is left, `onnx.name` and `onnx.dims` become
    `pleat.name` and `pleat.dims`, and every dynamic size is an index value computed at the
    function's start from `tensor.dim` of its arguments. Shape arithmetic disappears: sizes
    are known as expressions over the model's dimension names.

    Sizes with different names that the ops force to be equal are listed in the attribute
    `pleat.dim_equal` of the function, as pairs of texts for the run to check; `["max(n, 2)",
    "n"]` says that n is at least 2. A result's `pleat.dims` holds the computed size. Integers
    become signless; arguments and results that were unsigned carry `pleat.unsigned`.

    A node that cannot be converted is an error; all such nodes are reported in one run.
    Exact, but that `Div` and `Sum` keep ONNX's order of operations and products of weights
    leave theirs to the kernel.

    **Before**
    ```mlir
    func.func @main(%x: tensor<?x3xf32> {onnx.name = "x", onnx.dims = ["n", 3]})
        -> (tensor<3x?xf32> {onnx.name = "y", onnx.dims = [3, "n"]}) {
      %e = onnx.node "Exp" opset 17 (%x) {} : (tensor<?x3xf32>) -> tensor<?x3xf32>
      %y = onnx.node "Transpose" opset 17 (%e) {perm = array<i64: 1, 0>} : (tensor<?x3xf32>) -> tensor<3x?xf32>
      return %y : tensor<3x?xf32>
    }
    ```
    **After**
    ```mlir
    #id = affine_map<(d0, d1) -> (d0, d1)>
    func.func @main(%x: tensor<?x3xf32> {pleat.dims = ["n", 3], pleat.name = "x"})
        -> (tensor<3x?xf32> {pleat.dims = [3, "n"], pleat.name = "y"}) {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x3xf32>
      %empty = tensor.empty(%n) : tensor<?x3xf32>
      %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%x : tensor<?x3xf32>) outs(%empty : tensor<?x3xf32>) {
      ^bb0(%in: f32, %out: f32):
        %v = math.exp %in : f32
        linalg.yield %v : f32
      } -> tensor<?x3xf32>
      %init = tensor.empty(%n) : tensor<3x?xf32>
      %y = linalg.transpose ins(%e : tensor<?x3xf32>) outs(%init : tensor<3x?xf32>) permutation = [1, 0]
      return %y : tensor<3x?xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::math::MathDialect", "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect",
                           "::pleat::PleatDialect"];
}

#endif // PLEAT_PASSES_CONVERSION_ONNXTOPLEAT_TD
