/// The linker, inside this process.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace pleat {

/// Runs lld with `arguments`, its name excluded. One link at a time, since lld keeps state of
/// its own. A failure carries all that lld said.
llvm::Error runLinker(llvm::ArrayRef<std::string> arguments);

/// Joins objects to one relocatable object, in which hidden symbols become local. An object
/// alone stays as it is.
llvm::Expected<llvm::SmallVector<char, 0>> joinObjects(std::vector<llvm::SmallVector<char, 0>> objects);

} // namespace pleat
