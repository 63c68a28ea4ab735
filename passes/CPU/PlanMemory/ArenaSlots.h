/// Which values can share memory: slots for lifetimes, by best fit. No IR.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace pleat {

/// One value of the arena: alive from the step that writes it to the last that reads it.
struct Lifetime {
  int64_t first, last;
  /// Bytes at the sizes the plan is made for; what fits decides who shares with whom.
  int64_t bytes;
};

/// The slot of each lifetime; values of one slot are never alive together. Slots are
/// numbered in order of first use. `lifetimes` are sorted by `first`.
llvm::SmallVector<unsigned> assignSlots(llvm::ArrayRef<Lifetime> lifetimes);

} // namespace pleat
