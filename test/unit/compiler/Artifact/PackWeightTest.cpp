// Packing against a naive reference: every element looked up by its formula.
#include "compiler/Artifact/PackWeight.h"

#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <numeric>

using namespace pleat;

namespace {

template <typename Element>
llvm::ArrayRef<uint8_t> bytesOf(const std::vector<Element> &values) {
  return {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(Element)};
}

/// 1, 2, 3, ...: every element differs.
template <typename Element>
std::vector<Element> counting(uint64_t count) {
  std::vector<Element> values(count);
  std::iota(values.begin(), values.end(), Element(1));
  return values;
}

/// What packWeight gives, as elements; the sizes of its pieces go to `pieces`, the relative
/// error to `error`.
template <typename Element>
std::vector<Element> pack(const WeightStore &store, llvm::StringRef key, WeightLayout layout, bool transposed,
                          uint64_t windowBytes = kPackWindowBytes, std::vector<size_t> *pieces = nullptr,
                          double *error = nullptr) {
  std::vector<uint8_t> all;
  llvm::Expected<PackError> packed = packWeight(
      store, key, layout, transposed,
      [&](llvm::ArrayRef<uint8_t> bytes) {
        all.insert(all.end(), bytes.begin(), bytes.end());
        if (pieces)
          pieces->push_back(bytes.size());
        return llvm::Error::success();
      },
      windowBytes);
  EXPECT_TRUE(bool(packed));
  if (!packed)
    ADD_FAILURE() << llvm::toString(packed.takeError());
  else if (error)
    *error = packed->relative();
  std::vector<Element> elements(all.size() / sizeof(Element));
  std::memcpy(elements.data(), all.data(), elements.size() * sizeof(Element));
  return elements;
}

/// [batch][ceil(N/16)][K][16] by its formula.
template <typename Element>
std::vector<Element> naivePanels(const std::vector<Element> &source, int64_t batch, int64_t k, int64_t n,
                                 bool transposed) {
  int64_t panels = (n + 15) / 16;
  std::vector<Element> result(batch * panels * k * 16);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t row = 0; row < k; ++row)
      for (int64_t column = 0; column < n; ++column)
        result[((b * panels + column / 16) * k + row) * 16 + column % 16] =
            source[b * k * n + (transposed ? column * k + row : row * n + column)];
  return result;
}

float bf16ToFloat(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

} // namespace

TEST(PackWeight, panels_of_odd_sizes) {
  WeightStore store;
  for (auto [k, n] : {std::pair<int64_t, int64_t>(1, 1), {3, 16}, {7, 17}, {33, 47}, {2, 100}})
    for (bool transposed : {false, true}) {
      auto values = counting<float>(k * n);
      std::vector<int64_t> dims = transposed ? std::vector<int64_t>{n, k} : std::vector<int64_t>{k, n};
      std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, dims, "w"));
      EXPECT_EQ(pack<float>(store, key, WeightLayout::Panel16, transposed),
                naivePanels(values, 1, k, n, transposed))
          << k << " x " << n << (transposed ? " transposed" : "");
    }
}

TEST(PackWeight, windows_bound_what_is_in_flight) {
  WeightStore store;
  const int64_t k = 9, n = 85;
  auto values = counting<float>(k * n);
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {k, n}, "w"));
  std::string flipped = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {n, k}, "t"));
  std::vector<size_t> pieces;
  // Room for 40 columns is room for two panels of 16.
  EXPECT_EQ(pack<float>(store, key, WeightLayout::Panel16, false, k * 40 * 4, &pieces),
            naivePanels(values, 1, k, n, false));
  EXPECT_EQ(pieces, std::vector<size_t>(3, k * 32 * 4));
  // Less than a panel is still a panel.
  EXPECT_EQ(pack<float>(store, flipped, WeightLayout::Panel16, true, 1), naivePanels(values, 1, k, n, true));
}

TEST(PackWeight, matrices_of_a_batch_follow_one_another) {
  WeightStore store;
  auto values = counting<uint16_t>(3 * 5 * 18);
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F16, {3, 5, 18}, "w"));
  EXPECT_EQ(pack<uint16_t>(store, key, WeightLayout::Panel16, false), naivePanels(values, 3, 5, 18, false));
}

TEST(PackWeight, row_major_is_a_copy) {
  WeightStore store;
  auto values = counting<int64_t>(10);
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::I64, {10}, "ids"));
  EXPECT_EQ(pack<int64_t>(store, key, WeightLayout::RowMajor, false), values);
}

TEST(PackWeight, tiles_for_amx_pair_rows) {
  WeightStore store;
  const int64_t k = 35, n = 50;
  auto values = counting<float>(k * n);
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {k, n}, "w"));
  auto packed = pack<uint16_t>(store, key, WeightLayout::AmxBf16, false);
  ASSERT_EQ(packed.size(), 2u * 2 * 2 * 16 * 32);
  for (int64_t row = 0; row < 64; ++row)
    for (int64_t column = 0; column < 64; ++column) {
      int64_t tile = ((column / 32) * 2 + row / 32) * 2 + column % 32 / 16;
      int64_t at = (tile * 16 + row % 32 / 2) * 32 + 2 * (column % 16) + row % 2;
      float expected = row < k && column < n ? values[row * n + column] : 0;
      EXPECT_NEAR(bf16ToFloat(packed[at]), expected, expected / 256) << row << ", " << column;
    }
}

TEST(PackWeight, bf16_rounds_ties_to_even_and_keeps_nan) {
  WeightStore store;
  const float halfway = 1 + 1.f / 256, above = 1 + 3.f / 256;
  std::vector<float> values{halfway, above, std::nanf(""), -INFINITY};
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {1, 4}, "w"));
  auto packed = pack<uint16_t>(store, key, WeightLayout::AmxBf16, false);
  EXPECT_EQ(bf16ToFloat(packed[0]), 1.f);
  EXPECT_EQ(bf16ToFloat(packed[2]), 1 + 4.f / 256);
  EXPECT_TRUE(std::isnan(bf16ToFloat(packed[4])));
  EXPECT_EQ(bf16ToFloat(packed[6]), -INFINITY);
}

TEST(PackWeight, three_parts_add_up_to_the_weight) {
  WeightStore store;
  const int64_t k = 35, n = 50;
  std::vector<float> values(k * n);
  uint32_t state = 1;
  for (float &value : values) { // all digits, magnitudes from 2^-100 on
    state = state * 1664525 + 1013904223;
    value = std::ldexp(float(int32_t(state | 1)), int(state >> 8) % 200 - 130);
  }
  values[0] = std::numeric_limits<float>::max(); // its nearest bf16 is an infinity
  values[1] = -INFINITY;
  values[2] = std::nanf("");
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {k, n}, "w"));
  double error = 1;
  auto packed = pack<uint16_t>(store, key, WeightLayout::AmxBf16x3, false, kPackWindowBytes, nullptr, &error);
  ASSERT_EQ(packed.size(), 2u * 2 * 3 * 1024);
  EXPECT_EQ(error, 0);
  for (int64_t row = 0; row < 64; ++row)
    for (int64_t column = 0; column < 64; ++column) {
      int64_t block = (column / 32) * 2 + row / 32;
      int64_t inPart = column % 32 / 16 * 512 + row % 32 / 2 * 32 + 2 * (column % 16) + row % 2;
      float sum = 0;
      for (int64_t part = 0; part < 3; ++part)
        sum += bf16ToFloat(packed[(block * 3 + part) * 1024 + inPart]);
      float expected = row < k && column < n ? values[row * n + column] : 0;
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(sum));
      else
        EXPECT_EQ(sum, expected) << row << ", " << column;
    }
}

TEST(PackWeight, error_of_rounding_is_measured) {
  WeightStore store;
  // One half of a bf16's last digit in the second element.
  std::vector<float> values{1, 1 + 1.f / 256};
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {1, 2}, "w"));
  double error = 0;
  pack<uint16_t>(store, key, WeightLayout::AmxBf16, false, kPackWindowBytes, nullptr, &error);
  EXPECT_NEAR(error, (1. / 256) / std::sqrt(1 + (1 + 1. / 256) * (1 + 1. / 256)), 1e-9);
}

TEST(PackWeight, empty_matrices_have_no_bytes) {
  WeightStore store;
  for (auto dims : {std::vector<int64_t>{0, 7}, {7, 0}, {0, 3, 5}}) {
    std::string key = llvm::cantFail(store.addBytes({}, ElementType::F32, dims, "w"));
    EXPECT_TRUE(pack<float>(store, key, WeightLayout::Panel16, false).empty());
  }
}

TEST(PackWeight, layouts_that_do_not_apply_say_why) {
  auto message = [](ElementType type, std::vector<int64_t> dims, WeightLayout layout, bool transposed) {
    auto form = storedForm(type, dims, layout, transposed);
    return form ? std::string("no error") : llvm::toString(form.takeError());
  };
  EXPECT_EQ(message(ElementType::F32, {4}, WeightLayout::Panel16, false),
            "layout panel16 expects a matrix, but got rank 1");
  EXPECT_EQ(message(ElementType::I8, {4, 4}, WeightLayout::AmxBf16, false),
            "layout amx_bf16 expects f32 or bf16, but got i8");
  EXPECT_EQ(message(ElementType::F32, {4, 4}, WeightLayout::RowMajor, true),
            "layout row_major cannot be transposed");
  EXPECT_EQ(message(ElementType::F8E5M2, {4}, WeightLayout::RowMajor, false),
            "weights of type f8E5M2 cannot be stored");
}
