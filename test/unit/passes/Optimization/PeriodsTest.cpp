// Where sequences repeat.
#include "passes/Optimization/RollLayers/Periods.h"

#include <gtest/gtest.h>

using namespace pleat;

static llvm::SmallVector<PeriodicRun> runsOf(std::vector<uint64_t> labels, size_t minPeriod = 2,
                                             size_t minRepeats = 2) {
  return findPeriodicRuns(labels, minPeriod, minRepeats);
}

TEST(Periods, RunBetweenHeadAndTail) {
  auto runs = runsOf({9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 8});
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].begin, 1u);
  EXPECT_EQ(runs[0].end, 10u);
  EXPECT_EQ(runs[0].period, 3u);
  EXPECT_EQ(runs[0].repeats(), 3u);
}

TEST(Periods, MultiplesOfAPeriodAreLeftOut) {
  for (const PeriodicRun &run : runsOf({1, 2, 1, 2, 1, 2, 1, 2}))
    EXPECT_EQ(run.period, 2u);
}

TEST(Periods, LongestRunComesFirst) {
  auto runs = runsOf({1, 2, 1, 2, 7, 3, 4, 5, 3, 4, 5, 3, 4, 5});
  ASSERT_GE(runs.size(), 2u);
  EXPECT_EQ(runs[0].period, 3u);
  EXPECT_EQ(runs[1].period, 2u);
}

TEST(Periods, NothingRepeatsOftenEnough) {
  EXPECT_TRUE(runsOf({1, 2, 3, 4}).empty());
  EXPECT_TRUE(runsOf({1, 2, 1, 2}, 2, 3).empty());
  EXPECT_TRUE(runsOf({}).empty());
}
