/// The runtime inside every model: linked as bitcode and hidden, but for its entries.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace pleat {

/// Functions with this prefix are a model's interface (runtime/src/core/entry.c, and
/// kDescribeName): `pleat_entry_session_run` becomes NAME_session_run.
inline constexpr llvm::StringLiteral kEntryPrefix = "pleat_entry_";

/// What linking decides about names.
struct LinkedNames {
  /// Functions that the object shows, sorted.
  std::vector<std::string> exports;
  /// Functions and data of the runtime, sorted.
  std::vector<std::string> runtime;
};

/// Links `bitcode`, the runtime, into `module`, gives the entries the name of the model, and
/// makes everything else internal. Drops what would tell about the machine that built the
/// runtime. Fails on broken bitcode and on names that both define.
llvm::Expected<LinkedNames> linkRuntime(llvm::Module &module, llvm::StringRef bitcode, llvm::StringRef name);

} // namespace pleat
