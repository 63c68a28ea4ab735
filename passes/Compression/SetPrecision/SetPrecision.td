#ifndef PLEAT_PASSES_COMPRESSION_SETPRECISION_TD
#define PLEAT_PASSES_COMPRESSION_SETPRECISION_TD

include "mlir/Pass/PassBase.td"

def SetPrecision : Pass<"pleat-set-precision", "mlir::ModuleOp"> {
  let summary = "Choose how precisely selected weight matrices are stored";
  let description = [{
    Gives each linear that reads a selected weight the attribute `pleat.precision`, which
    AssignLayouts obeys: f32, f32-split (three bf16 parts that add up to the f32) or bf16.
    The factors of a factored weight take its precision. Nothing is rounded here: weights
    are when they are packed, and the ledger's rows of pass `pack` have the error. Of two
    precisions set for one linear, the later pass's holds.

    Selection: `targets` are globs (`*`, `?`), or regular expressions after `re:`, matched
    with the weight's names and with the names of the ONNX nodes that read it; `ignore`
    takes back what it matches. No targets means every matrix.

    **Before** `--pleat-set-precision=precision=bf16`
    ```mlir
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %w = pleat.weight "b3:01" {names = ["fc1"]} : tensor<4x4xf32>
      %y = pleat.linear %x, %w : tensor<1x4xf32>, tensor<4x4xf32> -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
    **After**
    ```mlir
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %w = pleat.weight "b3:01" {names = ["fc1"]} : tensor<4x4xf32>
      %y = pleat.linear %x, %w {pleat.precision = "bf16"} : tensor<1x4xf32>, tensor<4x4xf32> -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
  }];
  let options = [
    ListOption<"targets", "targets", "std::string", "Names to choose for; all when empty">,
    ListOption<"ignore", "ignore", "std::string", "Names to leave alone">,
    Option<"precision", "precision", "std::string", "\"f32\"", "f32, f32-split or bf16">
  ];
}

#endif // PLEAT_PASSES_COMPRESSION_SETPRECISION_TD
