/// What an ONNX model is made of.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace pleat {

/// Imports a model and lists: inputs and outputs (name, type, shape), opsets, operators with
/// their number, weights above 4 KiB with their bytes, and equal ones, which are stored once.
/// Diagnostics of the import go to stderr; the error then says that it failed.
llvm::Expected<llvm::json::Object> inspectModel(llvm::StringRef file);

} // namespace pleat
