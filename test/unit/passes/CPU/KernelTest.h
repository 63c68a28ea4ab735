/// What the tests of all kernel families share.
#pragma once

#include "test/unit/passes/CPU/KernelRunner.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace pleat::test {

/// A test of kernels at the level that is its parameter.
class KernelTest : public testing::TestWithParam<const char *> {
protected:
  /// The kernel of `text`; ends the program, with the reason, if it does not compile.
  CompiledKernel compile(const std::string &text) {
    auto kernel = CompiledKernel::compile(text, GetParam());
    if (!kernel) {
      ADD_FAILURE() << llvm::toString(kernel.takeError()) << text;
      std::abort();
    }
    return std::move(*kernel);
  }
};

/// Compares sums of `depth` products of numbers up to 1, rounded one by one.
inline void expectClose(GuardedBuffer &actual, const std::vector<double> &expected, int64_t depth) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], 1e-6 + 1e-7 * depth) << "element " << i;
  EXPECT_TRUE(actual.isIntact());
}

} // namespace pleat::test
