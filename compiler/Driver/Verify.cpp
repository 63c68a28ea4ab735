// `pleat verify`: whether an artefact is whole and computes what was expected.
#include "compiler/Driver/Certificate.h"
#include "compiler/Driver/CompareBuilds.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/ReadManifest.h"
#include "compiler/Driver/ReferenceBuild.h"
#include "compiler/Driver/Verb.h"
#include "compiler/Driver/VerbOptions.h"
#include "compiler/Driver/VerifyReport.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace pleat;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace cl = llvm::cl;

namespace {

struct VerifyOptions : ModelOptions, InputOptions, ResultOptions {
  VerifyOptions() : InputOptions("Inputs to compare on: as for 'pleat run' (default random:0)") {}

  cl::opt<std::string> reference{"model", cl::desc("Compare with a build of this model without a recipe"),
                                 cl::value_desc("MODEL.onnx"), cl::cat(data)};
  cl::opt<std::string> sets{"data",
                            cl::desc("Compare with the outputs of a data set, or of each test_data_set_N"),
                            cl::value_desc("DIR"), cl::cat(data)};
  cl::opt<double> rtol{"rtol",
                       cl::desc("Allowed error relative to the expected value (default 1e-4,\n"
                                "or the certificate's error where that is larger)"),
                       cl::value_desc("R"), cl::init(1e-4), cl::cat(data)};
  cl::opt<double> atol{"atol", cl::desc("Allowed error besides (default 1e-5)"), cl::value_desc("A"),
                       cl::init(1e-5), cl::cat(data)};
};

Error checkUsage(const VerifyOptions &options) {
  if (!options.sets.empty() && !options.inputs.empty())
    return fail(ExitCode::Usage, "expects --data or --inputs, but got both");
  if (!options.inputs.empty() && options.reference.empty())
    return fail(ExitCode::Usage, "--inputs has nothing to compare with; give --model too");
  if (!(options.rtol >= 0) || !(options.atol >= 0))
    return fail(ExitCode::Usage, "--rtol and --atol: expect numbers that are not negative");
  return Error::success();
}

/// Checks one data set of files.
Error verifyDataSet(LoadedModel &model, StringRef folder, const NamedDims &named, const Tolerance &tolerance,
                    CaseReport &report) {
  Expected<TensorSet> inputs = readProtos(folder, "input");
  if (!inputs)
    return inputs.takeError();
  Expected<TensorSet> outputs = readProtos(folder, "output");
  if (!outputs)
    return outputs.takeError();
  const pleat_model_desc &desc = model.descriptor();
  Expected<std::vector<HostTensor>> expected =
      matchTensors(outputsOf(desc), std::move(outputs->tensors), /*ordered=*/true, "output");
  if (!expected)
    return expected.takeError();
  Expected<ModelData> data = makeModelData(desc, std::move(*inputs), named);
  if (!data)
    return data.takeError();
  if (Error error = runOnce(model, *data))
    return error;
  return compareOutputs(data->outputs, *expected, tolerance, report.outputs);
}

/// Checks against a build of the original model, which sees the same inputs: those of `set`, where data sets
/// are given.
Error verifyReference(LoadedModel &model, const VerifyOptions &options, StringRef set, const NamedDims &named,
                      const Tolerance &tolerance, CaseReport &report) {
  Expected<ReferenceBuild> build = ReferenceBuild::make(options.reference, model.info().level_name);
  if (!build)
    return build.takeError();
  Expected<std::unique_ptr<LoadedModel>> reference =
      LoadedModel::open(build->files(), {options.threads, options.load});
  if (!reference)
    return reference.takeError();
  StringRef spec = !set.empty() ? set : options.inputs.empty() ? "random:0" : StringRef(options.inputs);
  return compareBuilds(model, **reference, spec, named, tolerance, report.outputs);
}

/// Records how one case ended, whatever it was.
void addCase(VerifyReport &report, StringRef name, llvm::function_ref<Error(CaseReport &)> verify) {
  CaseReport result;
  result.name = name.str();
  if (Error error = verify(result)) {
    result.code = codeOf(error);
    result.error = llvm::toString(std::move(error));
  }
  report.cases.push_back(std::move(result));
}

Expected<VerifyReport> verify(const VerifyOptions &options) {
  if (Error error = checkUsage(options))
    return error;
  Expected<NamedDims> named = options.namedDims();
  if (!named)
    return named.takeError();
  std::vector<std::string> sets;
  if (!options.sets.empty()) {
    Expected<std::vector<std::string>> found = findDataSets(options.sets);
    if (!found)
      return found.takeError();
    sets = std::move(*found);
  }
  Expected<ArtifactFiles> files = ArtifactFiles::find(options.artifact);
  if (!files)
    return files.takeError();
  Expected<std::unique_ptr<LoadedModel>> model = options.loadModel();
  if (!model)
    return model.takeError();

  VerifyReport report;
  // The manifest need not be shipped; without it, tensors have numbers only.
  std::vector<std::string> names;
  if (llvm::sys::fs::exists(files->manifest)) {
    Expected<llvm::json::Object> manifest = readManifest(files->manifest);
    if (!manifest)
      return manifest.takeError();
    report.files = checkFiles(*manifest, llvm::sys::path::parent_path(files->manifest));
    names = tensorNames(*manifest);
    if (!options.rtol.getNumOccurrences() && !options.atol.getNumOccurrences())
      report.allowedError = allowedError(*manifest);
  }
  Expected<HashReport> weights = checkWeights((*model)->descriptor(), files->weights, names);
  if (!weights)
    return weights.takeError();
  report.weights = std::move(*weights);
  Tolerance tolerance{options.rtol, options.atol, report.allowedError};
  for (StringRef set : sets)
    addCase(report, llvm::sys::path::filename(set),
            [&](CaseReport &result) { return verifyDataSet(**model, set, *named, tolerance, result); });
  if (!options.reference.empty())
    addCase(report, llvm::sys::path::filename(options.reference), [&](CaseReport &result) {
      StringRef set = sets.empty() ? StringRef() : StringRef(sets.front());
      return verifyReference(**model, options, set, *named, tolerance, result);
    });
  return report;
}

} // namespace

ExitCode pleat::runVerify(int argc, const char *const *argv) {
  VerifyOptions options;
  if (std::optional<ExitCode> code = parseVerb(
          argc, argv,
          "Compares a compiled model's weights with their hashes, and its outputs with expected ones.\n",
          {&options.model, &options.data, &options.results}))
    return *code;
  Expected<VerifyReport> result = verify(options);
  if (!result)
    return report(result.takeError());
  if (options.json)
    printJson(result->asJson());
  else
    result->print(llvm::outs());
  return result->code();
}
