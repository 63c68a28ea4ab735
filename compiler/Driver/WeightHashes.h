/// Whether the weights of an artefact are the compiled ones, tensor by tensor.
#pragma once

#include "runtime/abi/pleat_abi.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace pleat {

struct WeightsReport {
  uint64_t tensors = 0, bytes = 0;
  /// What is wrong, one line each: a tensor whose content has another hash, or the table.
  std::vector<std::string> damaged;
};

/// Reads the whole weights file of a model (or its embedded image) and compares each tensor
/// with the hash in the table, and the table with the code's build id. Sizes come from the
/// file and are checked first. Fails with Io if the file cannot be read, with InputInvalid
/// if it is no weights file.
llvm::Expected<WeightsReport> checkWeights(const pleat_model_desc &model, llvm::StringRef weightsFile);

} // namespace pleat
