/// Whether the files of an artefact are the compiled ones, and which tensor of them is not.
#pragma once

#include "runtime/abi/pleat_abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace pleat {

struct HashReport {
  /// Tensors or files compared.
  uint64_t checked = 0;
  /// What is wrong, one line each.
  std::vector<std::string> damaged;
};

/// Reads the whole weights file of a model (or its embedded image) and compares each tensor
/// with the hash in the table, and the table with the code's build id. Sizes come from the
/// file and are checked first. `names` says what the tensors are called in the model, in the
/// table's order; there may be fewer. Fails with Io if the file cannot be read, with InputInvalid
/// if it is no weights file.
llvm::Expected<HashReport> checkWeights(const pleat_model_desc &model, llvm::StringRef weightsFile,
                                        llvm::ArrayRef<std::string> names);

/// Compares size and hash of each file that the manifest lists with what lies in `folder`.
HashReport checkFiles(const llvm::json::Object &manifest, llvm::StringRef folder);

/// What the manifest's ledger calls the tensors of the weights file, in its order.
std::vector<std::string> tensorNames(const llvm::json::Object &manifest);

} // namespace pleat
