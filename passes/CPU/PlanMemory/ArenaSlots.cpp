// Best fit: a value takes the free slot whose size is nearest its own, if it neither
// grows the slot much nor wastes most of it; else a new one.
#include "passes/CPU/PlanMemory/ArenaSlots.h"

#include <algorithm>

using namespace pleat;

llvm::SmallVector<unsigned> pleat::assignSlots(llvm::ArrayRef<Lifetime> lifetimes) {
  struct Slot {
    int64_t bytes, freeFrom;
  };
  llvm::SmallVector<Slot> slots;
  llvm::SmallVector<unsigned> result;
  for (const Lifetime &value : lifetimes) {
    std::optional<unsigned> best;
    auto misfit = [&](unsigned slot) { return std::abs(slots[slot].bytes - value.bytes); };
    for (unsigned slot = 0; slot < slots.size(); ++slot)
      if (slots[slot].freeFrom < value.first && (!best || misfit(slot) < misfit(*best)))
        best = slot;
    if (!best) {
      best = slots.size();
      slots.push_back({value.bytes, 0});
    }
    slots[*best].bytes = std::max(slots[*best].bytes, value.bytes);
    slots[*best].freeFrom = value.last;
    result.push_back(*best);
  }
  return result;
}
