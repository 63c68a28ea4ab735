// Inputs from files or from a seed.
#include "compiler/Driver/ModelInputs.h"

#include "compiler/Driver/Failure.h"
#include "compiler/Driver/RandomInputs.h"

using namespace pleat;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// Adds the outputs that belong to the inputs and sizes in `data`.
static Expected<ModelData> withOutputs(const pleat_model_desc &model, ModelData data) {
  Expected<std::vector<HostTensor>> outputs = allocateTensors(model, outputsOf(model), data.dims);
  if (!outputs)
    return outputs.takeError();
  data.outputs = std::move(*outputs);
  return data;
}

Expected<ModelData> pleat::makeModelData(const pleat_model_desc &model, TensorSet set,
                                         const NamedDims &named) {
  ModelData data;
  Expected<std::vector<HostTensor>> inputs =
      matchTensors(inputsOf(model), std::move(set.tensors), set.ordered, "input");
  if (!inputs)
    return inputs.takeError();
  data.inputs = std::move(*inputs);
  Expected<DimValues> dims = bindDims(model, data.inputs, named);
  if (!dims)
    return dims.takeError();
  data.dims = std::move(*dims);
  return withOutputs(model, std::move(data));
}

Expected<ModelData> pleat::makeModelData(const pleat_model_desc &model, StringRef spec,
                                         const NamedDims &named) {
  if (!spec.consume_front("random:")) {
    Expected<TensorSet> set = readTensors(spec);
    if (!set)
      return set.takeError();
    return makeModelData(model, std::move(*set), named);
  }
  uint64_t seed;
  if (spec.getAsInteger(10, seed))
    return fail(ExitCode::Usage, "--inputs: expects a number as seed, but got 'random:" + spec + "'");
  ModelData data;
  Expected<DimValues> dims = chooseDims(model, named);
  if (!dims)
    return dims.takeError();
  data.dims = std::move(*dims);
  Expected<std::vector<HostTensor>> inputs = drawInputs(model, data.dims, seed);
  if (!inputs)
    return inputs.takeError();
  data.inputs = std::move(*inputs);
  return withOutputs(model, std::move(data));
}
