/// Runs of a sequence that repeat with a fixed period. Plain numbers, no IR.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace pleat {

/// labels[i] == labels[i + period] for begin <= i < end - period.
struct PeriodicRun {
  size_t begin, end, period;
  /// Whole periods that fit, wherever the first begins.
  size_t repeats() const { return (end - begin) / period; }
};

/// Maximal periodic runs of at least `minRepeats` periods of at least `minPeriod` labels:
/// those that cover most first, then those of shorter period, then those that begin
/// first. A run whose period is a multiple of another's over the same labels is left out.
llvm::SmallVector<PeriodicRun> findPeriodicRuns(llvm::ArrayRef<uint64_t> labels, size_t minPeriod,
                                                size_t minRepeats);

} // namespace pleat
