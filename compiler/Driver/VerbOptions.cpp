// Parsing that all verbs do alike.
#include "compiler/Driver/VerbOptions.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace pleat;
using llvm::Expected;
using llvm::StringRef;

std::optional<ExitCode> pleat::parseVerb(int argc, const char *const *argv, StringRef overview,
                                         llvm::ArrayRef<const llvm::cl::OptionCategory *> categories) {
  // What usage and errors call the program.
  std::string name = std::string("pleat ") + argv[0];
  llvm::SmallVector<const char *, 16> arguments(argv, argv + argc);
  arguments[0] = name.c_str();
  llvm::cl::HideUnrelatedOptions(categories);
  if (llvm::cl::ParseCommandLineOptions(arguments.size(), arguments.data(), overview, &llvm::errs()))
    return std::nullopt;
  return ExitCode::Usage;
}

Expected<NamedDims> ModelOptions::namedDims() const {
  NamedDims result;
  for (StringRef text : dims) {
    auto [name, value] = text.rsplit('=');
    int64_t size;
    if (name.empty() || value.getAsInteger(10, size) || size < 0)
      return fail(ExitCode::Usage, "--dim: expects NAME=VALUE, but got '" + text + "'");
    if (!result.try_emplace(name, size).second)
      return fail(ExitCode::Usage, "--dim: '" + name + "' is given twice");
  }
  return result;
}

Expected<std::unique_ptr<LoadedModel>> ModelOptions::loadModel() const {
  if (threads < 1 || threads > 4096)
    return fail(ExitCode::Usage, "--threads: expects 1 to 4096, but got " + llvm::Twine(threads));
  Expected<ArtifactFiles> files = ArtifactFiles::find(artifact);
  if (!files)
    return files.takeError();
  return LoadedModel::open(*files, {threads, load});
}

llvm::json::Object pleat::dimsAsJson(const LoadedModel &model, const DimValues &dims) {
  llvm::json::Object sizes;
  for (auto [index, size] : llvm::enumerate(dims))
    sizes[model.descriptor().dims[index].name] = size;
  return sizes;
}

llvm::json::Value pleat::jsonNumber(double value) {
  if (std::isfinite(value))
    return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

void pleat::printJson(llvm::json::Object object) {
  llvm::outs() << llvm::formatv("{0:2}", llvm::json::Value(std::move(object))) << '\n';
}
