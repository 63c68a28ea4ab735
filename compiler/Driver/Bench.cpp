// `pleat bench`: how long one inference takes.
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/Measure.h"
#include "compiler/Driver/ModelInputs.h"
#include "compiler/Driver/ReadManifest.h"
#include "compiler/Driver/SizeFormula.h"
#include "compiler/Driver/Verb.h"
#include "compiler/Driver/VerbOptions.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace pleat;
using llvm::Error;
using llvm::Expected;
namespace cl = llvm::cl;
namespace json = llvm::json;

namespace {

struct BenchOptions : ModelOptions, InputOptions, ResultOptions {
  BenchOptions() : InputOptions("Inputs, as for 'pleat run' (default random:0)", "random:0") {}

  cl::OptionCategory timing{"Timing"};
  cl::opt<double> seconds{"seconds", cl::desc("How long to measure (default 1)"), cl::value_desc("S"),
                          cl::init(1), cl::cat(timing)};
  cl::opt<double> warmup{"warmup", cl::desc("How long to run before (default 0.2)"), cl::value_desc("S"),
                         cl::init(0.2), cl::cat(timing)};
  cl::opt<unsigned> iterations{"iterations", cl::desc("Measure this many runs in place of a time"),
                               cl::value_desc("N"), cl::init(0), cl::cat(timing)};
};

constexpr size_t kBatches = 10;

struct BenchResult {
  int64_t firstNs;
  Measurement runs;
  DimValues dims;
  /// What the manifest says of the work at these sizes: "bytes_read", "flops".
  std::vector<std::pair<llvm::StringRef, int64_t>> work;
};

Expected<MeasureLimits> limitsOf(const BenchOptions &options) {
  for (double seconds : {options.seconds.getValue(), options.warmup.getValue()})
    if (!(seconds >= 0 && seconds <= 1e6))
      return fail(ExitCode::Usage, "--seconds and --warmup: expect 0 to 1e6 seconds");
  return MeasureLimits{options.seconds, options.warmup, options.iterations};
}

/// Times the model. Drawing or reading the inputs is not part of the first inference.
Expected<BenchResult> bench(const BenchOptions &options, std::unique_ptr<LoadedModel> &model) {
  Expected<MeasureLimits> limits = limitsOf(options);
  if (!limits)
    return limits.takeError();
  Expected<NamedDims> named = options.namedDims();
  if (!named)
    return named.takeError();

  int64_t start = nowNs();
  Expected<std::unique_ptr<LoadedModel>> loaded = options.loadModel();
  if (!loaded)
    return loaded.takeError();
  int64_t loadNs = nowNs() - start;
  model = std::move(*loaded);

  Expected<ModelData> data = makeModelData(model->descriptor(), options.inputs, *named);
  if (!data)
    return data.takeError();
  start = nowNs();
  if (Error error = model->prepare(data->dims, data->inputs, data->outputs))
    return error;
  if (Error error = model->run())
    return error;
  int64_t firstNs = loadNs + (nowNs() - start);

  Expected<Measurement> runs = measure([&] { return model->run(); }, *limits);
  if (!runs)
    return runs.takeError();
  Expected<ArtifactFiles> files = ArtifactFiles::find(options.artifact);
  if (!files)
    return files.takeError();
  BenchResult result{firstNs, std::move(*runs), data->dims, {}};
  // A model without its manifest runs all the same; only its counts stay unknown.
  Expected<json::Object> manifest = readManifest(files->manifest);
  if (!manifest) {
    llvm::consumeError(manifest.takeError());
    return result;
  }
  llvm::StringMap<int64_t> sizes;
  for (auto [index, size] : llvm::enumerate(result.dims))
    sizes[model->descriptor().dims[index].name] = size;
  for (llvm::StringRef key : {"bytes_read", "flops"})
    if (const json::Value *formula = manifest->get(key))
      if (std::optional<int64_t> value = evaluateFormula(*formula, sizes))
        result.work.emplace_back(key, *value);
  return result;
}

json::Object asJson(const LoadedModel &model, const BenchResult &result, const BenchOptions &options) {
  const Measurement &runs = result.runs;
  auto rounded = [](double ns) { return static_cast<int64_t>(std::llround(ns)); };
  pleat_model_info info = model.info();
  json::Array batches;
  for (double median : runs.batchMedians(kBatches))
    batches.push_back(rounded(median));
  json::Object object{{"model", model.descriptor().name},
                      {"median_ns", rounded(runs.percentile(0.5))},
                      {"p10_ns", rounded(runs.percentile(0.1))},
                      {"p90_ns", rounded(runs.percentile(0.9))},
                      {"p99_ns", rounded(runs.percentile(0.99))},
                      {"iterations", runs.iterations},
                      {"runs_per_sample", runs.runsPerSample},
                      {"batch_median_ns", std::move(batches)},
                      {"warmup_iterations", runs.warmupRuns},
                      {"warmup_ns", runs.warmupNs},
                      {"first_ns", result.firstNs},
                      {"threads", options.threads.getValue()},
                      {"load", info.weights_copied ? "copy" : "map"},
                      {"level", info.level_name},
                      {"dims", dimsAsJson(model, result.dims)}};
  for (const auto &[key, value] : result.work)
    object[key] = value;
  return object;
}

void printText(const LoadedModel &model, const BenchResult &result, const BenchOptions &options) {
  const Measurement &runs = result.runs;
  pleat_model_info info = model.info();
  auto us = [&](double ns) { return llvm::format("%.3f us", ns / 1000); };
  llvm::raw_ostream &stream = llvm::outs();
  stream << "median " << us(runs.percentile(0.5)) << "   p10 " << us(runs.percentile(0.1)) << "   p90 "
         << us(runs.percentile(0.9)) << "   p99 " << us(runs.percentile(0.99)) << '\n';
  stream << runs.iterations << " runs after " << runs.warmupRuns << " to warm up ("
         << llvm::format("%.3f s", runs.warmupNs * 1e-9) << "), threads: " << options.threads << ", "
         << info.level_name << ", weights " << (info.weights_copied ? "copied" : "mapped") << '\n';
  stream << "load and first inference " << us(result.firstNs) << '\n';
  stream << "medians of batches, us:";
  for (double median : runs.batchMedians(kBatches))
    stream << llvm::format(" %.3f", median / 1000);
  stream << '\n';
  double seconds = runs.percentile(0.5) * 1e-9;
  for (const auto &[key, value] : result.work)
    stream << key << ' ' << value
           << llvm::format(" (%.2f G/s)\n", static_cast<double>(value) * 1e-9 / seconds);
}

} // namespace

ExitCode pleat::runBench(int argc, const char *const *argv) {
  BenchOptions options;
  if (std::optional<ExitCode> code =
          parseVerb(argc, argv, "Measures the time of one inference.\n",
                    {&options.model, &options.data, &options.timing, &options.results}))
    return *code;
  std::unique_ptr<LoadedModel> model;
  Expected<BenchResult> result = bench(options, model);
  if (!result)
    return report(result.takeError());
  if (options.json)
    printJson(asJson(*model, *result, options));
  else
    printText(*model, *result, options);
  return ExitCode::Done;
}
