// The build that measures adds two results for each row that it can measure; a row is found by
// its number, so that both builds must have the same rows.
#include "compiler/Driver/MeasureSteps.h"

#include "compiler/Driver/Certificate.h"
#include "compiler/Driver/CompareBuilds.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/ReadManifest.h"
#include "compiler/Driver/ReferenceBuild.h"

#include <cmath>
#include <cstring>

using namespace pleat;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// Whether `manifest` has the rows of `rows` before those of the weights file.
static bool hasRows(const llvm::json::Object &manifest, llvm::ArrayRef<LedgerRow> rows) {
  const llvm::json::Array *all = manifest.getArray("ledger");
  if (!all || all->size() < rows.size())
    return false;
  for (auto [entry, row] : llvm::zip(*all, rows)) {
    const llvm::json::Object *object = entry.getAsObject();
    if (!object || object->getString("pass") != StringRef(row.pass) ||
        object->getString("weight") != StringRef(row.weight))
      return false;
  }
  return true;
}

/// The only element of the f32 output `name`; nullopt without such an output.
static std::optional<float> numberOf(llvm::ArrayRef<HostTensor> outputs, const std::string &name) {
  const HostTensor *found =
      llvm::find_if(outputs, [&](const HostTensor &output) { return output.name == name; });
  if (found == outputs.end() || found->bytes.size() != sizeof(float))
    return std::nullopt;
  float value;
  std::memcpy(&value, found->bytes.data(), sizeof(float));
  return value;
}

Error pleat::measureSteps(llvm::MutableArrayRef<LedgerRow> rows, const StepsToMeasure &what) {
  Expected<ReferenceBuild> build =
      ReferenceBuild::makeMeasuring(what.model, what.level, what.recipe, what.dims);
  if (!build)
    return build.takeError();
  Expected<llvm::json::Object> manifest = readManifest(build->files().manifest);
  if (!manifest)
    return manifest.takeError();
  if (!hasRows(*manifest, rows))
    return fail(ExitCode::NotMet, "steps that depend on each other cannot be measured alone");
  Expected<std::unique_ptr<LoadedModel>> loaded = LoadedModel::open(build->files(), {});
  if (!loaded)
    return loaded.takeError();
  Expected<ModelData> run =
      makeModelData((*loaded)->descriptor(), what.data, sizesFor((*loaded)->descriptor(), what.data));
  if (!run)
    return run.takeError();
  if (Error error = runOnce(**loaded, *run))
    return error;
  for (auto [number, row] : llvm::enumerate(rows)) {
    std::string step = "pleat.step." + std::to_string(number);
    std::optional<float> difference = numberOf(run->outputs, step + ".difference"),
                         whole = numberOf(run->outputs, step + ".whole");
    if (difference && whole && *whole > 0)
      row.outputError = std::sqrt(double(*difference) / double(*whole));
  }
  return Error::success();
}
