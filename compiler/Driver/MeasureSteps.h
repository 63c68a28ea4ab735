/// The errors of a recipe's steps on calibration data.
#pragma once

#include "compiler/Artifact/Ledger.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace pleat {

/// What was compiled, and how it is measured.
struct StepsToMeasure {
  llvm::StringRef model, recipe;
  /// The bounds of dimensions, as `--dim` takes them.
  std::vector<std::string> dims;
  llvm::StringRef level;
  /// As `--inputs`; random ones are of small sizes.
  llvm::StringRef data;
};

/// Fills `outputError` of those of `rows`, what the recipe's passes did, that can be measured
/// alone: what is computed with the changed weight, compared with the original on the
/// activations of the uncompressed model, over all its readers. Compiles the model once more,
/// with both computed side by side, and runs it. On failure rows stay as they were.
llvm::Error measureSteps(llvm::MutableArrayRef<LedgerRow> rows, const StepsToMeasure &what);

} // namespace pleat
