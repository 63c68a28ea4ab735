// How often to run, and what to make of the times.
#include "compiler/Driver/Measure.h"

#include "llvm/ADT/ArrayRef.h"
#include <algorithm>
#include <chrono>
#include <cmath>

using namespace pleat;
using llvm::Error;
using llvm::Expected;

/// A sample is this many times as long as reading the clock, which so adds half a percent.
static constexpr int64_t kClocksPerSample = 200;

int64_t pleat::nowNs() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

static double percentileOf(std::vector<double> samples, double share) {
  if (samples.empty())
    return 0;
  auto rank = static_cast<size_t>(std::ceil(share * samples.size()));
  auto place = samples.begin() + std::min(samples.size(), std::max<size_t>(rank, 1)) - 1;
  std::nth_element(samples.begin(), place, samples.end());
  return *place;
}

double Measurement::percentile(double share) const { return percentileOf(samples, share); }

std::vector<double> Measurement::batchMedians(size_t count) const {
  std::vector<double> medians;
  count = std::min(count, samples.size());
  for (size_t batch = 0; batch < count; ++batch) {
    auto first = samples.begin() + samples.size() * batch / count;
    auto last = samples.begin() + samples.size() * (batch + 1) / count;
    medians.push_back(percentileOf({first, last}, 0.5));
  }
  return medians;
}

/// What reading the clock costs: 20 ns on most machines, 1000 ns on some virtual ones.
static int64_t clockNs() {
  constexpr int reads = 100;
  int64_t start = nowNs();
  for (int i = 1; i < reads; ++i)
    nowNs();
  return std::max<int64_t>((nowNs() - start) / reads, 1);
}

/// Runs in growing batches until `seconds` are over, at least once. Returns the time of one
/// run in the last batch, where reading the clock shows least.
static Expected<double> warmUp(llvm::function_ref<Error()> run, double seconds, Measurement &result) {
  int64_t start = nowNs(), before = start;
  for (int64_t batch = 1;; batch *= 2) {
    for (int64_t i = 0; i < batch; ++i)
      if (Error error = run())
        return error;
    result.warmupRuns += batch;
    int64_t after = nowNs();
    result.warmupNs = after - start;
    if (result.warmupNs >= seconds * 1e9)
      return std::max(1.0, static_cast<double>(after - before) / batch);
    before = after;
  }
}

Expected<Measurement> pleat::measure(llvm::function_ref<Error()> run, const MeasureLimits &limits) {
  Measurement result;
  Expected<double> runNs = warmUp(run, limits.warmupSeconds, result);
  if (!runNs)
    return runNs.takeError();
  result.runsPerSample = std::max<int64_t>(1, kClocksPerSample * clockNs() / *runNs);

  int64_t begin = nowNs(), end = begin + static_cast<int64_t>(limits.seconds * 1e9);
  while (limits.iterations ? result.iterations < limits.iterations : begin < end || result.iterations == 0) {
    int64_t runs = result.runsPerSample;
    if (limits.iterations)
      runs = std::min(runs, limits.iterations - result.iterations);
    for (int64_t i = 0; i < runs; ++i)
      if (Error error = run())
        return error;
    int64_t after = nowNs();
    result.samples.push_back(static_cast<double>(after - begin) / runs);
    result.iterations += runs;
    begin = nowNs();
  }
  return result;
}
