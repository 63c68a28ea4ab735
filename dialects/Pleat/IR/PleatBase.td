// The pleat dialect itself, its attributes and the classes its op families share.
#ifndef PLEAT_DIALECTS_PLEAT_IR_PLEATBASE_TD
#define PLEAT_DIALECTS_PLEAT_IR_PLEATBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Pleat_Dialect : Dialect {
  let name = "pleat";
  let cppNamespace = "::pleat";
  let summary = "Structure in the weights of a neural network, and the ops that run it";
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    /// Function argument and result attributes: the name in the model, and the symbolic
    /// dimension names (strings) and sizes (integers), one an axis.
    static llvm::StringRef getNameAttrName() { return "pleat.name"; }
    static llvm::StringRef getDimsAttrName() { return "pleat.dims"; }
    /// Unit attribute of a function that is one kernel: tensors in, tensors out.
    static llvm::StringRef getKernelAttrName() { return "pleat.kernel"; }
    /// Kernel argument attribute: the LayoutAttr a weight is stored in.
    static llvm::StringRef getLayoutAttrName() { return "pleat.layout"; }
    /// Attribute of a linear: the Precision, as a string, that its weight is stored in.
    static llvm::StringRef getPrecisionAttrName() { return "pleat.precision"; }
    /// Module attribute: array of dictionaries, one a weight that a pass has changed, with
    /// pass, weight, class, bytes and flops before and after, and weight_error.
    static llvm::StringRef getLedgerAttrName() { return "pleat.ledger"; }

    /// The store that keys of `pleat.weight` refer to: one a context, set by whoever opens
    /// it. Null until then.
    const std::shared_ptr<::pleat::WeightStore> &getWeightStore() const { return weightStore; }
    void setWeightStore(std::shared_ptr<::pleat::WeightStore> store) { weightStore = std::move(store); }

  private:
    std::shared_ptr<::pleat::WeightStore> weightStore;

  public:
  }];
}

class Pleat_Op<string mnemonic, list<Trait> traits = []> : Op<Pleat_Dialect, mnemonic, traits>;

def Pleat_Layout : I32EnumAttr<"Layout", "How a stored weight's elements are ordered in the weights file", [
    I32EnumAttrCase<"RowMajor", 0, "row_major">,
    I32EnumAttrCase<"Panel16", 1, "panel16">,
    I32EnumAttrCase<"AmxBf16", 2, "amx_bf16">,
    I32EnumAttrCase<"AmxBf16x3", 3, "amx_bf16x3">
  ]> {
  let cppNamespace = "::pleat";
  let genSpecializedAttr = 0;
}
def Pleat_LayoutAttr : EnumAttr<Pleat_Dialect, Pleat_Layout, "layout"> {
  let description = [{
    `row_major`: as in the model. `panel16`: a [K, N] matrix as [ceil(N/16)][K][16],
    columns beyond N zero. `amx_bf16`: [ceil(N/32)][ceil(K/32)][2][16][32], pairs of k.
    `amx_bf16x3`: the same with three parts a block, [ceil(N/32)][ceil(K/32)][3][2][16][32];
    an element is their sum.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Pleat_Precision : I32EnumAttr<"Precision", "How precisely a weight is stored, from the most precise on", [
    I32EnumAttrCase<"F32", 0, "f32">,
    I32EnumAttrCase<"F32Split", 1, "f32-split">,
    I32EnumAttrCase<"BF16", 2, "bf16">
  ]> {
  let cppNamespace = "::pleat";
  let genSpecializedAttr = 0;
}

def Pleat_Activation : I32EnumAttr<"ActivationKind", "Activation function", [
    I32EnumAttrCase<"Relu", 0, "relu">,
    I32EnumAttrCase<"GeluErf", 1, "gelu_erf">,
    I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
    I32EnumAttrCase<"Silu", 3, "silu">,
    I32EnumAttrCase<"Sigmoid", 4, "sigmoid">,
    I32EnumAttrCase<"Tanh", 5, "tanh">
  ]> {
  let cppNamespace = "::pleat";
  let genSpecializedAttr = 0;
}
def Pleat_ActivationAttr : EnumAttr<Pleat_Dialect, Pleat_Activation, "activation_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

#endif // PLEAT_DIALECTS_PLEAT_IR_PLEATBASE_TD
