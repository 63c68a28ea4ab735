/// Two builds of one network on the same inputs.
#pragma once

#include "compiler/Driver/LoadedModel.h"
#include "compiler/Driver/ModelInputs.h"
#include "compiler/Driver/VerifyReport.h"

namespace pleat {

/// Runs `model` once; the outputs end up in `data`.
llvm::Error runOnce(LoadedModel &model, ModelData &data);

/// Compares `got` with `expected`, tensors of the same descriptors, and adds a report of each
/// to `reports`. Fails with NotMet at the first whose shape or type differs.
llvm::Error compareOutputs(llvm::ArrayRef<HostTensor> got, llvm::ArrayRef<HostTensor> expected,
                           const Tolerance &tolerance, std::vector<OutputReport> &reports);

/// Runs `model` and `reference` on the inputs that `spec` names (see makeModelData) and
/// compares the former's outputs with the latter's.
llvm::Error compareBuilds(LoadedModel &model, LoadedModel &reference, llvm::StringRef spec,
                          const NamedDims &named, const Tolerance &tolerance,
                          std::vector<OutputReport> &reports);

} // namespace pleat
