/// One hash for all bytes that a model is made of.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace pleat {

/// The BLAKE3 hash of the model at `path`, in hexadecimal digits: of the file's bytes, then of
/// those of each tensor with external data, in the order in which the tensors stand in the
/// file. So it is the file's hash where it holds everything, and bytes of external files
/// that no tensor names do not count. Reads in pieces; the errors are those of the import.
llvm::Expected<std::string> hashModel(llvm::StringRef path);

} // namespace pleat
