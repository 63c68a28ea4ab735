/// A look at the finished object: what it needs, what it shows, how much of it is the
/// model's own code.
#pragma once

#include "compiler/Target/CompileModule.h"
#include "compiler/Target/LinkRuntime.h"

namespace pleat {

struct ObjectAudit {
  /// As ObjectFile::codeBytes.
  uint64_t codeBytes = 0;
};

/// Fails, with the symbol's name, if `object` refers to what no system library defines or
/// defines for the outside other functions than `names.exports`; a sanitizer may add its own.
llvm::Expected<ObjectAudit> auditObject(llvm::ArrayRef<char> object, const LinkedNames &names,
                                        Sanitizer sanitizer);

} // namespace pleat
