/// One weight from the store, packed, in pieces.
#pragma once

#include "compiler/Artifact/WeightLayout.h"
#include "dialects/Pleat/Weights/WeightStore.h"

namespace pleat {

/// Bytes of a weight that are in flight at once, unless one panel of it needs more.
inline constexpr uint64_t kPackWindowBytes = uint64_t(16) << 20;

/// Gives the packed bytes of weight `key` in order to `sink`, a window at a time. Errors are
/// those of the store, of storedForm and of the sink. Returns how far the packed elements
/// are from the weight's. `windowBytes` is for tests.
llvm::Expected<PackError> packWeight(const WeightStore &store, llvm::StringRef key, WeightLayout layout,
                                     bool transposed, WeightStore::Sink sink,
                                     uint64_t windowBytes = kPackWindowBytes);

} // namespace pleat
