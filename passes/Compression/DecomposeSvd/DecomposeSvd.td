#ifndef PLEAT_PASSES_COMPRESSION_DECOMPOSESVD_TD
#define PLEAT_PASSES_COMPRESSION_DECOMPOSESVD_TD

include "mlir/Pass/PassBase.td"

def DecomposeSvd : Pass<"pleat-decompose-svd", "mlir::ModuleOp"> {
  let summary = "Replace weight matrices by products of two thin ones";
  let description = [{
    For each selected matrix that a linear multiplies with, stores the factors of its
    truncated singular value decomposition and makes the linear's weight a
    `pleat.low_rank` of them. Lossy: the relative error of each weight goes to the module's
    `pleat.ledger`. A matrix whose factors would not be faster, in the time that
    reading and computing them takes with panels of 16 columns and a cost a product
    (`passes/Utils/ProductCost.h`), stays as it is, with a remark that gives the numbers. What
    counts is the worst number of rows within the bounds in `pleat.dim_bounds`. A matrix read
    more than once is decomposed once. Exactly one of `rank`, `ratio` and `energy` is given.

    With `measure` the module computes what it did, and `@main` gets two more results for each
    matrix that would be replaced, named `pleat.step.<row of the ledger>.difference` and
    `.whole`: the sums of squares, over all readers, of what the factors change in their
    results, and of these.

    Selection: `targets` are globs (`*`, `?`), or regular expressions after `re:`, matched
    with the weight's names and with the names of the ONNX nodes that read it; `ignore`
    takes back what it matches. No targets means every matrix.

    **Before** `--pleat-decompose-svd=rank=1`
    ```mlir
    func.func @main(%x: tensor<512x32xf32>) -> tensor<512x32xf32> {
      %w = pleat.weight {names = ["fc1"]} literal dense<1.0> : tensor<32x32xf32>
      %y = pleat.linear %x, %w : tensor<512x32xf32>, tensor<32x32xf32> -> tensor<512x32xf32>
      return %y : tensor<512x32xf32>
    }
    ```
    **After**
    ```mlir
    module attributes {pleat.ledger = [{bytes_after = 256 : i64, bytes_before = 4096 : i64, class = "lossy", flops_after = 128 : i64, flops_before = 2048 : i64, pass = "decompose-svd", weight = "fc1", weight_error = 0.000000e+00 : f64} ]} {
      func.func @main(%arg0: tensor<512x32xf32>) -> tensor<512x32xf32> {
        %0 = pleat.weight {names = ["fc1.u"]} literal dense<1.000000e+00> : tensor<32x1xf32>
        %1 = pleat.weight {names = ["fc1.v"]} literal dense<1.000000e+00> : tensor<1x32xf32>
        %2 = pleat.low_rank %0, %1 : tensor<32x1xf32>, tensor<1x32xf32>
        %3 = pleat.linear %arg0, %2 : tensor<512x32xf32>, tensor<32x32xf32> -> tensor<512x32xf32>
        return %3 : tensor<512x32xf32>
      }
    }
    ```
  }];
  let options = [
    ListOption<"targets", "targets", "std::string", "Names to decompose; all when empty">,
    ListOption<"ignore", "ignore", "std::string", "Names to leave alone">,
    Option<"rank", "rank", "int64_t", "0", "Rank of every factorisation">,
    Option<"ratio", "ratio", "double", "0", "Bytes kept, as a fraction of the dense matrix: rank = floor(ratio K N / (K + N))">,
    Option<"energy", "energy", "double", "0", "Fraction of the squared singular values kept">,
    Option<"measure", "measure", "bool", "false",
           "Keep every matrix, and add results for the error of what its readers compute with the factors">
  ];
  let dependentDialects = ["::pleat::PleatDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect"];
}

#endif // PLEAT_PASSES_COMPRESSION_DECOMPOSESVD_TD
