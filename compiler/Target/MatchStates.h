/// From what the user names by `--state` to pairs of an input and an output.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace pleat {

/// One `--state IN=OUT`. A `*` in IN stands for any text; the texts that the stars of IN
/// stand for, each as short as can be, take the places of the stars of OUT in order.
struct StatePattern {
  std::string input, output;
};

/// Parses IN=OUT. Fails unless both are there and have as many stars.
llvm::Expected<StatePattern> parseStatePattern(llvm::StringRef text);

/// Finds the inputs and outputs of `@main` of recovered IR that `patterns` name, and lists
/// them in its attribute `pleat.states` for the pass that keeps states. Fails for a pattern
/// that no input matches, for an output that does not exist, and for an input or output
/// that is named twice.
llvm::Error matchStates(mlir::ModuleOp module, llvm::ArrayRef<StatePattern> patterns);

} // namespace pleat
