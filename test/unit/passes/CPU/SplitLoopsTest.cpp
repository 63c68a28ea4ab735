// Which loops of a kernel of the general path are cut among parts.
#include "passes/CPU/LowerKernels/SplitLoops.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"

#include <gtest/gtest.h>

using namespace pleat;

static constexpr int64_t kDynamic = mlir::ShapedType::kDynamic;

static std::vector<unsigned> candidates(std::vector<SplitLoop> loops) {
  llvm::SmallVector<unsigned> result = splitCandidates(loops);
  return {result.begin(), result.end()};
}

TEST(SplitLoops, BalanceIsTheShareOfTheLongestPart) {
  EXPECT_DOUBLE_EQ(splitBalance(6, 2), 1.0);
  EXPECT_DOUBLE_EQ(splitBalance(3, 2), 0.75);
  EXPECT_DOUBLE_EQ(splitBalance(1, 4), 0.25);
  EXPECT_DOUBLE_EQ(splitBalance(0, 4), 1.0);
}

TEST(SplitLoops, OfKnownSizesTheBestIsTaken) {
  EXPECT_EQ(candidates({{3, false}, {224, false}, {224, true}}), std::vector<unsigned>({1}));
}

TEST(SplitLoops, TheFirstOfEqualsIsTaken) {
  EXPECT_EQ(candidates({{48, false}, {48, false}}), std::vector<unsigned>({0}));
}

TEST(SplitLoops, APartOfARowIsAGrainAtLeast) {
  // 768 columns are 12 grains, which 16 rows beat.
  EXPECT_EQ(candidates({{16, false}, {768, true}}), std::vector<unsigned>({0}));
  EXPECT_EQ(candidates({{3, false}, {768, true}}), std::vector<unsigned>({1}));
}

TEST(SplitLoops, ARunChoosesBetweenUnknownSizes) {
  EXPECT_EQ(candidates({{kDynamic, false}, {12, false}, {kDynamic, false}, {64, true}}),
            std::vector<unsigned>({0, 1, 2}));
}

TEST(SplitLoops, AShortRowOfKnownSizeStaysWhole) {
  EXPECT_EQ(candidates({{kDynamic, false}, {768, true}}), std::vector<unsigned>({0}));
}

TEST(SplitLoops, ALongRowMayBeCutWhereABatchIsOne) {
  EXPECT_EQ(candidates({{kDynamic, false}, {100000, true}}), std::vector<unsigned>({0, 1}));
}

TEST(SplitLoops, NothingToCut) { EXPECT_TRUE(candidates({}).empty()); }
