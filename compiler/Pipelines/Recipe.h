/// Recipes: which compression passes run, on what, with which parameters.
///
///     version: 1
///     data: calibration.npz
///     passes:
///       - pass: decompose-svd
///         targets: ["layers.*.mlp.*", "re:fc[12]$"]
///         rank: 64
#pragma once

#include "llvm/Support/Error.h"
#include <string>

namespace pleat {

/// A recipe as the pass pipeline it stands for.
struct Recipe {
  /// Text for `--pass-pipeline`, without the outer `builtin.module(...)`.
  std::string pipeline;
  /// The inputs on which errors are measured, as `--inputs` names them; empty: not given.
  std::string data;
};

/// Reads the recipe in `text`. `data` is found from the folder of `path`, unless it is random or
/// absolute. Every mistake (an unknown key, a wrong type, a missing
/// parameter) is an error that begins with "PATH:LINE:COLUMN: ".
///
/// With `measure`, passes that can add results for the error of each step (see DecomposeSvd.td)
/// do so instead of changing what is computed.
llvm::Expected<Recipe> parseRecipe(llvm::StringRef text, llvm::StringRef path, bool measure = false);

} // namespace pleat
