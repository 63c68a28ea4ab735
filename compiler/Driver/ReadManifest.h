/// Reading NAME.json.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace pleat {

/// The manifest's top-level object. Fails with Io if the file cannot be read, with
/// InputInvalid if it is no JSON object.
llvm::Expected<llvm::json::Object> readManifest(llvm::StringRef file);

} // namespace pleat
