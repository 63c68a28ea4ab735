// Formulas from a manifest, true and broken ones.
#include "compiler/Driver/SizeFormula.h"

#include "gtest/gtest.h"

using namespace pleat;

static std::optional<int64_t> value(const char *text) {
  return evaluateFormula(llvm::cantFail(llvm::json::parse(text)), {{"n", 7}, {"seq-len", 3}});
}

TEST(SizeFormula, Values) {
  EXPECT_EQ(value("12"), 12);
  EXPECT_EQ(value(R"(["+", ["*", "n", "seq-len"], -1])"), 20);
  EXPECT_EQ(value(R"(["floordiv", "n", 2])"), 3);
  EXPECT_EQ(value(R"(["ceildiv", "n", 2])"), 4);
  EXPECT_EQ(value(R"(["mod", "n", 4])"), 3);
}

TEST(SizeFormula, WhatHasNoValue) {
  EXPECT_EQ(value(R"("m")"), std::nullopt);
  EXPECT_EQ(value(R"(["floordiv", "n", 0])"), std::nullopt);
  EXPECT_EQ(value(R"(["*", 9223372036854775807, "n"])"), std::nullopt);
  EXPECT_EQ(value(R"(["^", 1, 2])"), std::nullopt);
  EXPECT_EQ(value(R"(["+", 1])"), std::nullopt);
  EXPECT_EQ(value("null"), std::nullopt);
}
