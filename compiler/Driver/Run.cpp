// `pleat run`: a compiled model on inputs from files or from a seed.
#include "compiler/Artifact/ModelInterface.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/ModelInputs.h"
#include "compiler/Driver/Verb.h"
#include "compiler/Driver/VerbOptions.h"
#include "llvm/Support/raw_ostream.h"

using namespace pleat;
using llvm::Error;
using llvm::Expected;
namespace cl = llvm::cl;
namespace json = llvm::json;

namespace {

struct RunOptions : ModelOptions, InputOptions, ResultOptions {
  RunOptions() : InputOptions("A .npz file, a folder of .npy or of ONNX test protos, or random:SEED") {
    inputs.setNumOccurrencesFlag(cl::Required);
  }

  cl::opt<std::string> outputs{"outputs", cl::desc("Write the outputs to this file"), cl::value_desc("Y.npz"),
                               cl::cat(data)};
};

void printText(llvm::ArrayRef<HostTensor> outputs) {
  for (const HostTensor &tensor : outputs)
    llvm::outs() << tensor.name << ": " << typeName(tensor.type) << ' ' << shapeText(tensor.shape) << '\n';
}

json::Object asJson(const LoadedModel &model, const ModelData &data, const RunOptions &options) {
  json::Array outputs;
  for (const HostTensor &tensor : data.outputs)
    outputs.push_back(json::Object{
        {"name", tensor.name}, {"type", typeName(tensor.type)}, {"shape", json::Array(tensor.shape)}});
  json::Object result{{"model", model.descriptor().name},
                      {"level", model.info().level_name},
                      {"threads", options.threads.getValue()},
                      {"dims", dimsAsJson(model, data.dims)},
                      {"outputs", std::move(outputs)}};
  if (!options.outputs.empty())
    result["file"] = options.outputs.getValue();
  return result;
}

Error run(const RunOptions &options) {
  llvm::StringRef file = options.outputs;
  if (!file.empty() && !file.ends_with(".npz"))
    return fail(ExitCode::Usage, "--outputs: expects a name that ends in .npz, but got '" + file + "'");
  Expected<NamedDims> named = options.namedDims();
  if (!named)
    return named.takeError();
  Expected<std::unique_ptr<LoadedModel>> model = options.loadModel();
  if (!model)
    return model.takeError();
  Expected<ModelData> data = makeModelData((*model)->descriptor(), options.inputs, *named);
  if (!data)
    return data.takeError();
  if (Error error = (*model)->prepare(data->dims, data->inputs, data->outputs))
    return error;
  if (Error error = (*model)->run())
    return error;
  if (Error error = (*model)->readStates())
    return error;
  if (!file.empty())
    if (Error error = writeNpz(file, data->outputs))
      return error;
  if (options.json)
    printJson(asJson(**model, *data, options));
  else
    printText(data->outputs);
  return Error::success();
}

} // namespace

ExitCode pleat::runRun(int argc, const char *const *argv) {
  RunOptions options;
  if (std::optional<ExitCode> code = parseVerb(argc, argv, "Runs a compiled model once.\n",
                                               {&options.model, &options.data, &options.results}))
    return *code;
  return report(run(options));
}
