// The reference gets the very inputs that the model got.
#include "compiler/Driver/CompareBuilds.h"

#include "compiler/Driver/Failure.h"

using namespace pleat;
using llvm::Error;
using llvm::Expected;

Error pleat::runOnce(LoadedModel &model, ModelData &data) {
  if (Error error = model.prepare(data.dims, data.inputs, data.outputs))
    return error;
  if (Error error = model.run())
    return error;
  return model.readStates();
}

Error pleat::compareOutputs(llvm::ArrayRef<HostTensor> got, llvm::ArrayRef<HostTensor> expected,
                            const Tolerance &tolerance, std::vector<OutputReport> &reports) {
  for (auto [mine, theirs] : llvm::zip_equal(got, expected)) {
    if (mine.type != theirs.type || mine.shape != theirs.shape)
      return fail(ExitCode::NotMet, "output '" + mine.name + "': expects shape " + shapeText(theirs.shape) +
                                        " of the data's type, but got " + shapeText(mine.shape));
    reports.push_back({mine.name, mine.shape, compareTensors(mine, theirs, tolerance)});
  }
  return Error::success();
}

Error pleat::compareBuilds(LoadedModel &model, LoadedModel &reference, llvm::StringRef spec,
                           const NamedDims &named, const Tolerance &tolerance,
                           std::vector<OutputReport> &reports) {
  Expected<ModelData> data = makeModelData(model.descriptor(), spec, named);
  if (!data)
    return data.takeError();
  if (Error error = runOnce(model, *data))
    return error;
  Expected<ModelData> theirs = makeModelData(reference.descriptor(), TensorSet{data->inputs, true}, named);
  if (!theirs)
    return inContext("the build to compare with: ", theirs.takeError());
  if (Error error = runOnce(reference, *theirs))
    return error;
  Expected<std::vector<HostTensor>> expected =
      matchTensors(outputsOf(model.descriptor()), std::move(theirs->outputs), /*ordered=*/true, "output");
  if (!expected)
    return expected.takeError();
  return compareOutputs(data->outputs, *expected, tolerance, reports);
}
