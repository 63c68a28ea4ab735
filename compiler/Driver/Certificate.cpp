// What is measured, and what follows from it for `pleat verify`.
#include "compiler/Driver/Certificate.h"

#include "compiler/Driver/CompareBuilds.h"
#include "compiler/Driver/ReferenceBuild.h"
#include "compiler/Driver/VerbOptions.h"

#include "llvm/Support/Path.h"

using namespace pleat;
using llvm::Error;
using llvm::Expected;
namespace json = llvm::json;

static constexpr llvm::StringLiteral kRandom = "random:", kInputs = "random:0";
// Sizes of dimensions that may have any: enough to reach every part of a kernel.
static constexpr int64_t kSize = 16;
static constexpr double kHeadroom = 4;
// What f32 itself may be off by; see the accuracy goals.
static constexpr double kPlainError = 1e-5;

NamedDims pleat::sizesFor(const pleat_model_desc &model, llvm::StringRef data) {
  NamedDims dims;
  if (!data.starts_with(kRandom))
    return dims;
  for (const pleat_dim_desc &dim : llvm::ArrayRef(model.dims, model.host_dim_count)) {
    int64_t wanted = std::max(dim.lower, dim.upper ? std::min(dim.upper, kSize) : kSize);
    dims[dim.name] = dim.lower + (wanted - dim.lower) / dim.step * dim.step;
  }
  return dims;
}

/// The sizes at which `model` runs on `data`.
static Expected<json::Object> sizesOf(const pleat_model_desc &model, llvm::StringRef data,
                                      const NamedDims &named) {
  Expected<ModelData> made = makeModelData(model, data, named);
  if (!made)
    return made.takeError();
  json::Object sizes;
  for (auto [dim, size] : llvm::zip(llvm::ArrayRef(model.dims, model.host_dim_count), made->dims))
    sizes[dim.name] = size;
  return sizes;
}

static Expected<json::Object> measure(const ArtifactFiles &files, llvm::StringRef model, llvm::StringRef data,
                                      double rounding) {
  Expected<std::unique_ptr<LoadedModel>> loaded = LoadedModel::open(files, {});
  if (!loaded)
    return loaded.takeError();
  std::string level = (*loaded)->info().level_name;
  Expected<ReferenceBuild> build = ReferenceBuild::make(model, level);
  if (!build)
    return build.takeError();
  Expected<std::unique_ptr<LoadedModel>> reference = LoadedModel::open(build->files(), {});
  if (!reference)
    return reference.takeError();
  NamedDims named = sizesFor((*loaded)->descriptor(), data);
  Expected<json::Object> dims = sizesOf((*loaded)->descriptor(), data, named);
  if (!dims)
    return dims.takeError();
  std::vector<OutputReport> reports;
  if (Error error = compareBuilds(**loaded, **reference, data, named, Tolerance(), reports))
    return std::move(error);

  double largest = 0;
  json::Array outputs;
  for (const OutputReport &report : reports) {
    largest = std::max(largest, report.comparison.relativeL2);
    outputs.push_back(json::Object{{"name", report.name},
                                   {"rel_l2", jsonNumber(report.comparison.relativeL2)},
                                   {"max_abs_error", jsonNumber(report.comparison.largestError)}});
  }
  return json::Object{{"measured", true},
                      {"against", "an f32 build without a recipe"},
                      {"level", level},
                      {"inputs", (data.starts_with(kRandom) ? data : llvm::sys::path::filename(data)).str()},
                      {"dims", std::move(*dims)},
                      {"rel_l2", jsonNumber(largest)},
                      {"allowed_rel_l2", jsonNumber(std::max(kHeadroom * largest, rounding))},
                      {"outputs", std::move(outputs)}};
}

json::Object pleat::measureCertificate(const ArtifactFiles &files, llvm::StringRef model,
                                       llvm::StringRef data, double rounding) {
  Expected<json::Object> certificate =
      measure(files, model, data.empty() ? llvm::StringRef(kInputs) : data, rounding);
  if (certificate)
    return std::move(*certificate);
  return json::Object{{"measured", false}, {"reason", llvm::toString(certificate.takeError())}};
}

json::Object pleat::plainCertificate(double rounding) {
  json::Object certificate{{"measured", false}};
  if (rounding > 0) {
    certificate["reason"] = "the model's own nodes round to 16 bits";
    certificate["allowed_rel_l2"] = rounding;
  }
  return certificate;
}

std::optional<double> pleat::allowedError(const json::Object &manifest) {
  const json::Object *certificate = manifest.getObject("certificate");
  std::optional<double> allowed = certificate ? certificate->getNumber("allowed_rel_l2") : std::nullopt;
  return allowed && *allowed > kPlainError ? allowed : std::nullopt;
}
