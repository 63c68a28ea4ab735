// For each period, one scan over the labels; quadratic, which for the few thousand ops of
// a model is milliseconds.
#include "passes/Optimization/RollLayers/Periods.h"

#include <algorithm>
#include <tuple>

using namespace pleat;

/// Whether `run` says no more than `other`, which has a shorter period that divides it.
static bool isMultiple(const PeriodicRun &run, const PeriodicRun &other) {
  return run.period != other.period && run.period % other.period == 0 && run.begin >= other.begin &&
         run.end <= other.end;
}

llvm::SmallVector<PeriodicRun> pleat::findPeriodicRuns(llvm::ArrayRef<uint64_t> labels, size_t minPeriod,
                                                       size_t minRepeats) {
  llvm::SmallVector<PeriodicRun> runs;
  size_t count = labels.size();
  for (size_t period = std::max<size_t>(minPeriod, 1); period * minRepeats <= count; ++period) {
    size_t begin = 0;
    for (size_t i = 0; i + period <= count; ++i) {
      bool equal = i + period < count && labels[i] == labels[i + period];
      if (equal)
        continue;
      PeriodicRun run{begin, i + period, period};
      if (run.repeats() >= minRepeats &&
          llvm::none_of(runs, [&](const PeriodicRun &other) { return isMultiple(run, other); }))
        runs.push_back(run);
      begin = i + 1;
    }
  }
  std::sort(runs.begin(), runs.end(), [](const PeriodicRun &a, const PeriodicRun &b) {
    auto rank = [](const PeriodicRun &run) {
      return std::make_tuple(-static_cast<int64_t>(run.repeats() * run.period), run.period, run.begin);
    };
    return rank(a) < rank(b);
  });
  return runs;
}
