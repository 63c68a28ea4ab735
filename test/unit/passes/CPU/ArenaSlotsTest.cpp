// Sharing of arena slots by lifetime.
#include "passes/CPU/PlanMemory/ArenaSlots.h"

#include <gtest/gtest.h>

using namespace pleat;

TEST(ArenaSlots, ValuesAliveTogetherNeverShare) {
  std::vector<Lifetime> lifetimes{{0, 3, 100}, {1, 2, 100}, {2, 5, 100}, {4, 6, 100}, {6, 7, 100}};
  auto slots = assignSlots(lifetimes);
  for (size_t a = 0; a < lifetimes.size(); ++a)
    for (size_t b = a + 1; b < lifetimes.size(); ++b)
      if (lifetimes[a].last >= lifetimes[b].first)
        EXPECT_NE(slots[a], slots[b]) << a << " and " << b;
}

// A value that is read in the step that writes another is still alive.
TEST(ArenaSlots, ReadAndWrittenInOneStep) {
  auto slots = assignSlots({{0, 1, 64}, {1, 2, 64}, {2, 3, 64}});
  EXPECT_NE(slots[0], slots[1]);
  EXPECT_EQ(slots[0], slots[2]);
}

TEST(ArenaSlots, BestFitWins) {
  auto slots = assignSlots({{0, 1, 1000}, {0, 1, 10}, {2, 3, 12}, {2, 3, 900}});
  EXPECT_EQ(slots[2], slots[1]);
  EXPECT_EQ(slots[3], slots[0]);
}

TEST(ArenaSlots, NoValuesNoSlots) { EXPECT_TRUE(assignSlots({}).empty()); }
