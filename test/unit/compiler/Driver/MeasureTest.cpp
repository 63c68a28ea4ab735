// Counts, percentiles and stretches of measured times.
#include "compiler/Driver/Measure.h"
#include <gtest/gtest.h>

using namespace pleat;
using llvm::Expected;

/// The value of a result that is no failure. (llvm::cantFail checks nothing in this build of LLVM.)
template <typename T>
T valueOf(Expected<T> result) {
  if (result)
    return std::move(*result);
  ADD_FAILURE() << llvm::toString(result.takeError());
  return T();
}

TEST(Measure, PercentilesAreSamples) {
  Measurement result;
  for (int i = 100; i > 0; --i)
    result.samples.push_back(i);
  EXPECT_EQ(result.percentile(0.5), 50);
  EXPECT_EQ(result.percentile(0.1), 10);
  EXPECT_EQ(result.percentile(0.99), 99);
  EXPECT_EQ(result.percentile(1), 100);
  EXPECT_EQ(result.percentile(0), 1);
  EXPECT_EQ(Measurement().percentile(0.5), 0);
}

TEST(Measure, BatchesKeepTheOrder) {
  Measurement result;
  result.samples = {1, 1, 1, 5, 5, 5, 9};
  EXPECT_EQ(result.batchMedians(2), (std::vector<double>{1, 5}));
  EXPECT_EQ(result.batchMedians(100).size(), 7u);
}

TEST(Measure, IterationsAreExact) {
  int64_t calls = 0;
  auto run = [&] {
    ++calls;
    return llvm::Error::success();
  };
  MeasureLimits limits;
  limits.warmupSeconds = 0;
  limits.iterations = 1234;
  Measurement result = valueOf(measure(run, limits));
  EXPECT_EQ(result.iterations, 1234);
  EXPECT_EQ(result.warmupRuns, 1);
  EXPECT_EQ(calls, 1235);
}

TEST(Measure, AFailureStopsIt) {
  int calls = 0;
  auto run = [&]() -> llvm::Error {
    return ++calls == 3 ? llvm::createStringError("no more") : llvm::Error::success();
  };
  MeasureLimits limits;
  limits.warmupSeconds = 0;
  llvm::Expected<Measurement> result = measure(run, limits);
  EXPECT_EQ(llvm::toString(result.takeError()), "no more");
  EXPECT_EQ(calls, 3);
}
