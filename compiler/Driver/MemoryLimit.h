/// The promise of `--max-memory`.
#pragma once

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace pleat {

/// A Failure (not met) if this process has at some time had more than `limit` bytes resident,
/// mapped pages included; it says that `stage` did it. No limit is 0.
llvm::Error checkMemory(uint64_t limit, const llvm::Twine &stage);

} // namespace pleat
