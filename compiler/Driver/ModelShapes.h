/// How sizes follow from sizes: a model's dimensions from its inputs, its outputs from them.
/// Works on descriptors alone, so that it needs no compiled code to be tested.
#pragma once

#include "compiler/Driver/HostTensor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace pleat {

/// Sizes of a model's host dimensions, in the descriptor's order.
using DimValues = std::vector<int64_t>;

/// Sizes the user gave by name: --dim NAME=VALUE.
using NamedDims = llvm::StringMap<int64_t>;

/// What a tensor of a model looks like to a reader: "f32 [batch, seq, 64]".
std::string describe(const pleat_model_desc &model, const pleat_tensor_desc &tensor);

/// The dimensions' sizes: each from the inputs that have it as an axis, or from `named`.
/// Fails with InputInvalid, naming input and axis, when two places disagree, a size is
/// outside its range, or the type, rank or a fixed size of an input is not the model's; with
/// Usage when `named` has a name that is no dimension. `inputs` are in the model's order.
llvm::Expected<DimValues> bindDims(const pleat_model_desc &model, llvm::ArrayRef<HostTensor> inputs,
                                   const NamedDims &named);

/// The dimensions' sizes when there are no inputs yet: from `named`, or the only size that a
/// dimension can have; the length of a state is 0 unless named. Fails with Usage for one that
/// stays open.
llvm::Expected<DimValues> chooseDims(const pleat_model_desc &model, const NamedDims &named);

/// Zeroed tensors of the shapes that the descriptors have at these sizes. Fails with
/// InputInvalid when a size is negative or the bytes overflow.
llvm::Expected<std::vector<HostTensor>> allocateTensors(const pleat_model_desc &model,
                                                        llvm::ArrayRef<pleat_tensor_desc> tensors,
                                                        const DimValues &dims);

/// Puts `given` into the order of `wanted`: by name (the model's own, or the C name), else by
/// position if the set is ordered. Fails with InputInvalid when one is missing or left over;
/// `kind` is "input" or "output".
llvm::Expected<std::vector<HostTensor>> matchTensors(llvm::ArrayRef<pleat_tensor_desc> wanted,
                                                     std::vector<HostTensor> given, bool ordered,
                                                     llvm::StringRef kind);

/// The inputs and outputs of a descriptor.
inline llvm::ArrayRef<pleat_tensor_desc> inputsOf(const pleat_model_desc &model) {
  return {model.inputs, model.input_count};
}
inline llvm::ArrayRef<pleat_tensor_desc> outputsOf(const pleat_model_desc &model) {
  return {model.outputs, model.output_count};
}

} // namespace pleat
