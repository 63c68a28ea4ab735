// Kernels of the general path in parts: whatever the number of parts, the bits are the same,
// and no part is left without work.
#include "test/unit/passes/CPU/KernelRunner.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace pleat::test;

namespace {

constexpr const char *kMaps = "#id2 = affine_map<(i, j) -> (i, j)>\n"
                              "#row = affine_map<(i, j) -> (i)>\n"
                              "#id3 = affine_map<(i, j, k) -> (i, j, k)>\n"
                              "#turned = affine_map<(i, j, k) -> (k, j, i)>\n";

/// y = tanh(x) for x of one batch or more.
const std::string kTanh = std::string(kMaps) + R"(
func.func @k(%x: tensor<?x?x40xf32>) -> tensor<?x?x40xf32> attributes {pleat.kernel, pleat.parallel} {
  %y = pleat.activation #pleat.activation_kind<tanh> %x : tensor<?x?x40xf32>
  return %y : tensor<?x?x40xf32>
})";

/// x over the sums of its rows: a temporary moves along with rows and not with columns.
const std::string kShares = std::string(kMaps) + R"(
func.func @k(%x: tensor<?x70xf32>) -> tensor<?x70xf32> attributes {pleat.kernel, pleat.parallel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x70xf32>
  %column = tensor.empty(%m) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%column : tensor<?xf32>) -> tensor<?xf32>
  %sums = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x70xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %empty = tensor.empty(%m) : tensor<?x70xf32>
  %y = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sums : tensor<?x70xf32>, tensor<?xf32>) outs(%empty : tensor<?x70xf32>) {
  ^bb0(%a: f32, %sum: f32, %old: f32):
    %share = arith.divf %a, %sum : f32
    linalg.yield %share : f32
  } -> tensor<?x70xf32>
  return %y : tensor<?x70xf32>
})";

/// Sums over the first axis, whose loop comes first.
const std::string kColumnSums = R"(
func.func @k(%x: tensor<90x?xf32>) -> tensor<?xf32> attributes {pleat.kernel, pleat.parallel} {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c1 : tensor<90x?xf32>
  %empty = tensor.empty(%n) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(k, j) -> (k, j)>, affine_map<(k, j) -> (j)>],
                       iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<90x?xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %a, %sum : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
})";

/// The axes the other way round, of known sizes.
const std::string kTurned = std::string(kMaps) + R"(
func.func @k(%x: tensor<33x5x1xf32>) -> tensor<1x5x33xf32> attributes {pleat.kernel, pleat.parallel} {
  %empty = tensor.empty() : tensor<1x5x33xf32>
  %y = linalg.generic {indexing_maps = [#turned, #id3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<33x5x1xf32>) outs(%empty : tensor<1x5x33xf32>) {
  ^bb0(%a: f32, %old: f32):
    linalg.yield %a : f32
  } -> tensor<1x5x33xf32>
  return %y : tensor<1x5x33xf32>
})";

struct PartsCase {
  const char *name;
  const std::string &text;
  std::vector<int64_t> inputSizes, outputSizes; ///< dynamic sizes, for the slots
  size_t inputs, outputs;                       ///< elements
  int64_t parts;
  int64_t busy; ///< parts that have work, at least
};

class GeneralKernel : public testing::TestWithParam<PartsCase> {};

std::vector<uint32_t> bitsOf(GuardedBuffer &buffer) {
  std::vector<uint32_t> bits(buffer.size());
  std::memcpy(bits.data(), buffer.data(), buffer.size() * sizeof(float));
  return bits;
}

} // namespace

TEST_P(GeneralKernel, PartsShareTheWorkAndGiveTheBitsOfOne) {
  const PartsCase &what = GetParam();
  auto kernel = CompiledKernel::compile(what.text, "x86-64-v3");
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  GuardedBuffer x(what.inputs), y(what.outputs);
  fillRandom(x.data(), what.inputs, 3);
  std::vector<int64_t> slots = {x.address()};
  slots.insert(slots.end(), what.inputSizes.begin(), what.inputSizes.end());
  slots.push_back(y.address());
  slots.insert(slots.end(), what.outputSizes.begin(), what.outputSizes.end());

  kernel->run(slots, 1);
  std::vector<uint32_t> alone = bitsOf(y);
  for (float value : llvm::ArrayRef(y.data(), y.size()))
    ASSERT_FALSE(std::isnan(value));

  std::vector<int> writers(what.outputs, 0);
  int64_t busy = 0;
  for (int64_t part = 0; part < what.parts; ++part) {
    y.fill(std::nanf(""));
    kernel->runPart(slots, part, what.parts);
    bool any = false;
    std::vector<uint32_t> bits = bitsOf(y);
    for (size_t i = 0; i < what.outputs; ++i)
      if (!std::isnan(y[i])) {
        any = true;
        ++writers[i];
        ASSERT_EQ(bits[i], alone[i]) << "element " << i << " of part " << part;
      }
    busy += any;
  }
  EXPECT_GE(busy, what.busy);
  EXPECT_EQ(writers, std::vector<int>(what.outputs, 1)) << "each element belongs to one part";
  EXPECT_TRUE(y.isIntact());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, GeneralKernel,
    testing::Values(PartsCase{"OneBatch", kTanh, {1, 9}, {1, 9}, 9 * 40, 9 * 40, 2, 2},
                    PartsCase{"ManyBatches", kTanh, {8, 3}, {8, 3}, 8 * 3 * 40, 8 * 3 * 40, 2, 2},
                    // 3 batches would give two parts 2 and 1.
                    PartsCase{"LongAxisBehindUnevenOne", kTanh, {3, 16}, {3, 16}, 48 * 40, 48 * 40, 2, 2},
                    PartsCase{"MorePartsThanRows", kTanh, {1, 3}, {1, 3}, 3 * 40, 3 * 40, 5, 3},
                    PartsCase{"RowsWithTemporaries", kShares, {7}, {7}, 7 * 70, 7 * 70, 2, 2},
                    PartsCase{"ReductionLoopFirst", kColumnSums, {200}, {200}, 90 * 200, 200, 2, 2},
                    PartsCase{"KnownSizes", kTurned, {}, {}, 33 * 5, 33 * 5, 2, 2}),
    [](const auto &info) { return std::string(info.param.name); });
