// What products cost, and when a chain of them beats another.
#include "passes/Utils/ProductCost.h"

#include <gtest/gtest.h>

using namespace pleat;

TEST(ProductCost, ColumnsCountInWholePanels) {
  EXPECT_EQ(productTime(1, {768, 3}), productTime(1, {768, 16}));
  EXPECT_LT(productTime(1, {768, 16}), productTime(1, {768, 17}));
}

TEST(ProductCost, FewRowsWaitForTheMatrix) {
  EXPECT_EQ(productTime(1, {768, 768}), productTime(8, {768, 768}));
}

TEST(ProductCost, ManyRowsCompute) {
  // Twice the rows take twice as long, but for the fixed cost.
  double fixed = productTime(1, {0, 0});
  EXPECT_DOUBLE_EQ(productTime(256, {768, 768}) - fixed, 2 * (productTime(128, {768, 768}) - fixed));
}

TEST(ProductCost, AChainIsTheSumOfItsProducts) {
  ProductShape chain[] = {{768, 64}, {64, 3072}};
  EXPECT_DOUBLE_EQ(chainTime(3, chain), productTime(3, chain[0]) + productTime(3, chain[1]));
}

TEST(ProductCost, LargeMatricesOfLowRankPayAtAnyNumberOfRows) {
  ProductShape dense{4096, 4096}, factors[] = {{4096, 64}, {64, 4096}};
  EXPECT_TRUE(compareChains(dense, factors, {1, std::nullopt}).isFaster());
}

TEST(ProductCost, TheRankAtWhichElementsAreEqualDoesNot) {
  ProductShape dense{4096, 4096}, factors[] = {{4096, 2047}, {2047, 4096}};
  EXPECT_FALSE(compareChains(dense, factors, {1, 1}).isFaster());
}

TEST(ProductCost, FewElementsAreNotLessTime) {
  // A quarter of the elements, at one row; more rows are worth a second product.
  ProductShape dense{64, 64}, factors[] = {{64, 8}, {8, 64}};
  EXPECT_FALSE(compareChains(dense, factors, {1, 1}).isFaster());
  EXPECT_TRUE(compareChains(dense, factors, {128, 128}).isFaster());
}

TEST(ProductCost, TheWorstNumberOfRowsOfARangeDecides) {
  ProductShape dense{64, 64}, factors[] = {{64, 8}, {8, 64}};
  ChainComparison worst = compareChains(dense, factors, {1, 4096});
  EXPECT_EQ(worst.rows, 1);
  EXPECT_FALSE(worst.isFaster());
  EXPECT_FALSE(compareChains(dense, factors, {1, std::nullopt}).isFaster());
  EXPECT_TRUE(compareChains(dense, factors, {128, std::nullopt}).isFaster());
}

TEST(ProductCost, NothingGainsOnItself) {
  ProductShape dense{768, 768};
  EXPECT_FALSE(compareChains(dense, dense, {1, std::nullopt}).isFaster());
}
