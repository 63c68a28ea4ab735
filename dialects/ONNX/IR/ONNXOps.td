// The onnx dialect: an ONNX graph as it was written, before anything is understood.
//
// One generic op is enough. Each node keeps its type, domain, opset and attributes; its
// location is a NameLoc with the ONNX node's name. Passes raise nodes they understand to
// the pleat dialect; what remains is what cannot be lowered.
#ifndef PLEAT_DIALECTS_ONNX_IR_ONNXOPS_TD
#define PLEAT_DIALECTS_ONNX_IR_ONNXOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::pleat::onnx";
  let summary = "ONNX graphs as imported";
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = [{
    /// Function argument and result attribute: the ONNX name of an input or output.
    static llvm::StringRef getNameAttrName() { return "onnx.name"; }
    /// Function argument and result attribute: array of symbolic dimension names
    /// (strings) and sizes (integers), one an axis.
    static llvm::StringRef getDimsAttrName() { return "onnx.dims"; }
    /// Node attribute: path of the module that the node came from, as the exporter
    /// recorded it ("model.layers.0.mlp").
    static llvm::StringRef getScopeAttrName() { return "onnx.scope"; }
    /// Module attribute: dictionary from domain to opset version; the standard domain is "ai.onnx".
    static llvm::StringRef getOpsetsAttrName() { return "onnx.opsets"; }
    /// Module attribute: the opset of the file, where nodes were converted from it.
    static llvm::StringRef getConvertedFromAttrName() { return "onnx.converted_from"; }
  }];
}

def ONNX_StringType : TypeDef<ONNX_Dialect, "String"> {
  let mnemonic = "string";
  let summary = "Element type of a tensor of strings";
}

def ONNX_OpaqueValueType : TypeDef<ONNX_Dialect, "OpaqueValue"> {
  let mnemonic = "opaque";
  let summary = "A value that is no dense tensor, or whose type is unknown";
  let description = [{
    `text` is the type in ONNX's notation, "seq(tensor(float))"; empty when nothing is known.

    ```mlir
    %s = onnx.node "SequenceConstruct" opset 17 (%a, %b) {}
           : (tensor<2xf32>, tensor<2xf32>) -> !onnx.opaque<"seq(tensor(float))">
    ```
  }];
  let parameters = (ins StringRefParameter<"the type in ONNX's notation">:$text);
  let assemblyFormat = "`<` $text `>`";
}

class ONNX_Op<string mnemonic, list<Trait> traits = []> : Op<ONNX_Dialect, mnemonic, traits>;

def ONNX_NodeOp : ONNX_Op<"node"> {
  let summary = "One node of an ONNX graph";
  let description = [{
    `op_type` and `domain` name an operator of the ONNX standard or of a contrib domain,
    `opset` the version of that domain the model imports. A missing optional input is an
    `onnx.none`, and a result that the node leaves out has type `none`. Attributes keep
    their ONNX names; tensor attributes are dense elements, or the key of a weight (a string
    that begins with "b3:") where they are large. A subgraph attribute is a region whose name stands at the same position in
    `subgraph_names`; its block arguments are the subgraph's inputs, and outer values are
    captured by reference.

    ```mlir
    %y = onnx.node "Gather" opset 17 (%table, %ids) {axis = 0 : i64}
           : (tensor<512x64xf32>, tensor<?x?xi64>) -> tensor<?x?x64xf32>
    ```
  }];
  let arguments = (ins StrAttr:$op_type, DefaultValuedStrAttr<StrAttr, "">:$domain,
                       I64Attr:$opset, DictionaryAttr:$fields,
                       OptionalAttr<StrArrayAttr>:$subgraph_names,
                       Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<AnyRegion>:$subgraphs);
  let assemblyFormat = [{
    $op_type (`domain` $domain^)? `opset` $opset `(` $inputs `)` $fields
    (`subgraphs` $subgraph_names^)? attr-dict `:` functional-type($inputs, $outputs) ($subgraphs^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether this is operator `type` of the standard domain.
    bool is(llvm::StringRef type) { return getDomain().empty() && getOpType() == type; }
    /// The input at `index`, or a null value when it is absent or an `onnx.none`.
    mlir::Value input(unsigned index);
    /// Integer attribute `name`, or `fallback` when the node does not carry it.
    int64_t intAttr(llvm::StringRef name, int64_t fallback);
    /// Float attribute `name`, or `fallback`.
    double floatAttr(llvm::StringRef name, double fallback);
    /// String attribute `name`, or `fallback`.
    llvm::StringRef stringAttr(llvm::StringRef name, llvm::StringRef fallback);
    /// Integer list attribute `name`; nullopt when absent.
    std::optional<llvm::SmallVector<int64_t>> intsAttr(llvm::StringRef name);
  }];
}

def ONNX_NoneOp : ONNX_Op<"none", [Pure]> {
  let summary = "An optional input that is left out";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

def ONNX_YieldOp : ONNX_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "Ends a subgraph with its outputs";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // PLEAT_DIALECTS_ONNX_IR_ONNXOPS_TD
