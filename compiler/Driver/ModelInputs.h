/// From what the user names by `--inputs` to tensors that a loaded model takes.
#pragma once

#include "compiler/Driver/ModelShapes.h"
#include "compiler/Driver/TensorFiles.h"

namespace pleat {

/// One run of a model: sizes, inputs and room for outputs, all in the model's order.
struct ModelData {
  DimValues dims;
  std::vector<HostTensor> inputs, outputs;
};

/// Reads the inputs that `spec` names (see readTensors), or draws them for "random:SEED", and
/// makes zeroed outputs of the sizes that follow.
llvm::Expected<ModelData> makeModelData(const pleat_model_desc &model, llvm::StringRef spec,
                                        const NamedDims &named);

/// The same with inputs already in memory.
llvm::Expected<ModelData> makeModelData(const pleat_model_desc &model, TensorSet inputs,
                                        const NamedDims &named);

} // namespace pleat
