// Structure: repetition of a body, stacks of values, and reshapes between them.
#ifndef PLEAT_DIALECTS_PLEAT_IR_STRUCTUREOPS_TD
#define PLEAT_DIALECTS_PLEAT_IR_STRUCTUREOPS_TD

include "dialects/Pleat/IR/PleatBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Pleat_RepeatOp : Pleat_Op<"repeat", [SingleBlock, AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "A body run n times";
  let description = [{
    Runs its body for i = 0 .. `count` - 1. Block arguments: the carried values, then one
    slice i of each `stacked` operand (its first axis dropped). Values from outside are
    shared by all iterations. `pleat.yield` gives the next carried values, then the values
    collected per iteration. Results: the last carried values, then the collected ones,
    stacked along a new first axis of size `count`.

    - `repeat_c1`: `count` is at least 1
    - `repeat_c2`: each stacked operand's first size is `count`
    - `repeat_c3`: block arguments have the carried types, then the slices' types
    - `repeat_c4`: the yield and the results agree with carried and collected types

    ```mlir
    %y = pleat.repeat 12 carried(%x) stacked(%ws)
           : (tensor<?x64xf32>, tensor<12x64x64xf32>) -> tensor<?x64xf32> {
    ^bb0(%h: tensor<?x64xf32>, %w: tensor<64x64xf32>):
      %r = pleat.linear %h, %w : tensor<?x64xf32>, tensor<64x64xf32> -> tensor<?x64xf32>
      pleat.yield %r : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$count, Variadic<AnyRankedTensor>:$carried, Variadic<AnyRankedTensor>:$stacked);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $count `carried` `(` $carried `)` `stacked` `(` $stacked `)` attr-dict `:` functional-type(operands, $results) $body
  }];
  let hasVerifier = 1;
}

def Pleat_YieldOp : Pleat_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"RepeatOp">]> {
  let summary = "Ends an iteration of a repeat";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Pleat_StackOp : Pleat_Op<"stack", [Pure, SameTypeOperands]> {
  let summary = "Values of one type along a new first axis";
  let description = [{
    Stands for the tensor whose slice i is operand i. A stack of weights is a weight
    expression; nothing is copied for it.

    - `stack_c1`: there is at least one operand
    - `stack_c2`: the result is the operands' type with a first axis of their number
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$values attr-dict `:` type($values) `->` type($result)";
  let hasVerifier = 1;
}

def Pleat_UnstackOp : Pleat_Op<"unstack", [Pure]> {
  let summary = "One slice of a stack";
  let description = [{
    - `unstack_c1`: `index` lies within the first axis
    - `unstack_c2`: the result is the stack's type without its first axis
  }];
  let arguments = (ins AnyRankedTensor:$stack, I64Attr:$index);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$stack `[` $index `]` attr-dict `:` type($stack) `->` type($result)";
  let hasVerifier = 1;
}

def Pleat_AppendOp : Pleat_Op<"append", [Pure]> {
  let summary = "Rows added to a state";
  let description = [{
    `state` and `rows` one after the other along `axis`. `state` is an argument of the
    function that a session keeps between runs, or a slice of such ones: the memory plan
    computes `rows` where the state ends, and the result is the state's own memory.

    - `append_c1`: `axis` lies within the state's rank
    - `append_c2`: state, rows and result have one element type and agree in every axis but `axis`
    - `append_c3`: along `axis`, the result's size is the sum, or dynamic where a summand is

    ```mlir
    %k = pleat.append %past, %new axis 2
           : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32> -> tensor<?x4x?x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$state, AnyRankedTensor:$rows, I64Attr:$axis);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$state `,` $rows `axis` $axis attr-dict `:` type($state) `,` type($rows) `->` type($result)";
  let hasVerifier = 1;
}

def Pleat_ReshapeOp : Pleat_Op<"reshape", [Pure]> {
  let summary = "The same elements in the same order under another shape";
  let description = [{
    `sizes` gives the dynamic sizes of the result, in order.

    - `reshape_c1`: one entry of `sizes` for each dynamic size of the result
    - `reshape_c2`: static shapes hold the same number of elements

    ```mlir
    %y = pleat.reshape %x [%b, %s] : tensor<?x?x64xf32> -> tensor<?x?x8x8xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Variadic<Index>:$sizes);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$x (`[` $sizes^ `]`)? attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Pleat_LaunchOp : Pleat_Op<"launch", [Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs one kernel";
  let description = [{
    Calls a function marked `pleat.kernel` on tensors. `sizes` gives the dynamic sizes of
    the results, in order. The memory plan turns each launch into a call of the kernel's
    machine form.

    - `launch_c1`: the symbol names a function marked `pleat.kernel`
    - `launch_c2`: inputs and results have the kernel's types
    - `launch_c3`: one entry of `sizes` for each dynamic size of the results

    ```mlir
    func.func private @linear_64x172(tensor<?x64xf32>, tensor<64x172xf32>) -> tensor<?x172xf32> attributes {pleat.kernel}

    %y = pleat.launch @linear_64x172(%x, %w) sizes(%t)
           : (tensor<?x64xf32>, tensor<64x172xf32>) -> tensor<?x172xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$inputs, Variadic<Index>:$sizes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` (`sizes` `(` $sizes^ `)`)? attr-dict `:` functional-type($inputs, $results)
  }];
  let hasVerifier = 1;
}

#endif // PLEAT_DIALECTS_PLEAT_IR_STRUCTUREOPS_TD
