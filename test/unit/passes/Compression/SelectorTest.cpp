// Selection by name.
#include "passes/Utils/Selector.h"

#include <gtest/gtest.h>

using namespace pleat;

/// A selector whose patterns' texts are gone when it is used.
static Selector make(std::vector<std::string> targets, std::vector<std::string> ignore = {}) {
  llvm::Expected<Selector> selector = Selector::create(targets, ignore);
  if (!selector) {
    ADD_FAILURE() << llvm::toString(selector.takeError());
    return *Selector::create({}, {});
  }
  return std::move(*selector);
}

TEST(Selector, Globs) {
  Selector selector = make({"/b.*/f/a/MatMul", "head"});
  EXPECT_TRUE(selector.selects({"onnx::MatMul_455", "/b.0/f/a/MatMul"}));
  EXPECT_FALSE(selector.selects({"/b.0/f/b/MatMul"}));
  EXPECT_EQ(selector.unmatched(), std::vector<std::string>{"head"});
}

TEST(Selector, RegularExpressions) {
  Selector selector = make({"re:fc[12]$"}, {"re:^skip"});
  EXPECT_TRUE(selector.selects({"layer.fc2"}));
  EXPECT_FALSE(selector.selects({"layer.fc3"}));
  EXPECT_FALSE(selector.selects({"skip.fc2"}));
}

TEST(Selector, NoTargetsMeansAll) {
  EXPECT_TRUE(make({}).selects({"anything"}));
  EXPECT_FALSE(make({}, {"any*"}).selects({"anything"}));
}

TEST(Selector, MalformedPatterns) {
  for (const char *text : {"re:(", "[a"}) {
    llvm::Expected<Selector> selector = Selector::create({text}, {});
    ASSERT_FALSE(static_cast<bool>(selector)) << text;
    EXPECT_NE(llvm::toString(selector.takeError()).find(text), std::string::npos);
  }
}
