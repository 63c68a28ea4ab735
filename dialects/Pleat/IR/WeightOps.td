// Weight expressions: SSA values that mean a dense tensor, and their two consumers.
#ifndef PLEAT_DIALECTS_PLEAT_IR_WEIGHTOPS_TD
#define PLEAT_DIALECTS_PLEAT_IR_WEIGHTOPS_TD

include "dialects/Pleat/IR/PleatBase.td"

def Pleat_WeightOp : Pleat_Op<"weight", [Pure]> {
  let summary = "A weight: an entry of the weight store, or a small literal";
  let description = [{
    Names an entry of the weight store by content hash (`key`), or carries a literal of at
    most 4 KiB (`value`). `names` lists what the model calls it (weight, parameter, alias),
    for selectors and reports. AssignLayouts sets `layout`, the order of the stored
    elements, and `transposed` where the file holds the transpose of a matrix in that
    order. A reader of packed elements may then name the entry under its stored shape.

    - `weight_c1`: exactly one of `key` and `value` is given
    - `weight_c2`: a literal has the result's type
    - `weight_c3`: a literal holds at most 4096 bytes
    - `weight_c4`: the result has a static shape

    ```mlir
    %w = pleat.weight "b3:9f2c..." {names = ["l0.wq"]} : tensor<64x64xf32>
    %e = pleat.weight {names = ["norm.weight"]} literal dense<1.0> : tensor<64xf32>
    ```
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$key, OptionalAttr<ElementsAttr>:$value,
                       OptionalAttr<StrArrayAttr>:$names, OptionalAttr<Pleat_LayoutAttr>:$layout,
                       UnitAttr:$transposed);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "($key^)? attr-dict custom<LiteralOrType>($value, type($result))";
  let hasVerifier = 1;
}

def Pleat_TransposedOp : Pleat_Op<"transposed", [Pure, InferTypeOpAdaptor]> {
  let summary = "The transpose of a weight matrix";
  let description = [{
    Stands for W^T. Both uses read one stored copy.

    - `transposed_c1`: `weight` has rank 2
  }];
  let arguments = (ins AnyRankedTensor:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($weight)";
  let hasFolder = 1;
}

def Pleat_LowRankOp : Pleat_Op<"low_rank", [Pure, InferTypeOpAdaptor]> {
  let summary = "A matrix as the product of two thin ones";
  let description = [{
    Stands for U V, with U of K x R and V of R x N. A linear evaluates (x U) V and never
    forms the product.

    - `low_rank_c1`: `u` and `v` have rank 2 and one element type
    - `low_rank_c2`: the inner sizes match

    ```mlir
    %w = pleat.low_rank %u, %v : tensor<768x64xf32>, tensor<64x3072xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$u, AnyRankedTensor:$v);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$u `,` $v attr-dict `:` type($u) `,` type($v)";
}

def Pleat_SumOp : Pleat_Op<"sum", [Pure, SameOperandsAndResultType]> {
  let summary = "The sum of two weights";
  let description = [{
    Stands for A + B: a tied base and its residual, or a weight and its adapter.

    ```mlir
    %w = pleat.sum %base, %delta : tensor<768x768xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$a, AnyRankedTensor:$b);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($result)";
}

def Pleat_LinearOp : Pleat_Op<"linear", [Pure]> {
  let summary = "x W + b over the last axis";
  let description = [{
    `result[..., n] = sum over k of x[..., k] * weight[k, n] + bias[n]`. `weight` is a
    weight expression of shape [K, N]; `bias`, if given, has shape [N].

    - `linear_c1`: `weight` has rank 2
    - `linear_c2`: the last size of `x` equals K
    - `linear_c3`: the result has `x`'s leading sizes and N
    - `linear_c4`: `bias` has shape [N]

    ```mlir
    %y = pleat.linear %x, %w bias %b
           : tensor<?x64xf32>, tensor<64x172xf32>, tensor<172xf32> -> tensor<?x172xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$weight, Optional<AnyRankedTensor>:$bias);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? attr-dict `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Pleat_GatherOp : Pleat_Op<"gather", [Pure]> {
  let summary = "Rows of a table chosen by index";
  let description = [{
    `result[i..., r...] = table[ids[i...], r...]`. Negative ids count from the end, as in
    ONNX. An id out of range reads the nearest valid row: the entry point has checked ids
    that come from inputs.

    - `gather_c1`: `table` has rank at least 1, `ids` are i32 or i64
    - `gather_c2`: the result's shape is that of `ids` followed by `table` without axis 0

    ```mlir
    %e = pleat.gather %table, %ids : tensor<512x64xf32>, tensor<?x?xi64> -> tensor<?x?x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$table, TensorOf<[I32, I64]>:$ids);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$table `,` $ids attr-dict `:` type($table) `,` type($ids) `->` type($result)";
  let hasVerifier = 1;
}

#endif // PLEAT_DIALECTS_PLEAT_IR_WEIGHTOPS_TD
