/// Timing of repeated runs.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace pleat {

struct MeasureLimits {
  /// How long to measure, and how long to warm up before, in seconds.
  double seconds = 1, warmupSeconds = 0.2;
  /// If not 0: this many runs in place of `seconds`.
  int64_t iterations = 0;
};

struct Measurement {
  int64_t warmupRuns = 0, warmupNs = 0;
  /// Runs measured; each sample is the mean of `runsPerSample` in a row, which is 1 unless a
  /// run is so short that reading the clock would show.
  int64_t iterations = 0, runsPerSample = 1;
  /// In the order measured, nanoseconds a run.
  std::vector<double> samples;

  /// The smallest sample that a share of all samples does not exceed; 0.5 is the median.
  double percentile(double share) const;

  /// Medians of at most `count` stretches of equal length: a drift shows.
  std::vector<double> batchMedians(size_t count) const;
};

/// Calls `run` until the limits are reached. Stops at its first error.
llvm::Expected<Measurement> measure(llvm::function_ref<llvm::Error()> run, const MeasureLimits &limits);

/// Nanoseconds of a clock that only goes forward.
int64_t nowNs();

} // namespace pleat
