// Runs linear kernels over weights stored as bf16 pairs, at every level, and compares whole
// outputs with double precision. Tile registers are expanded into loops.
#include "passes/CPU/EmitLinear/TileProduct.h"
#include "passes/CPU/EmitLinear/WidenedProduct.h"
#include "test/unit/passes/CPU/KernelRunner.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace pleat::test;

namespace {

struct Form {
  const char *level;
  int64_t parts;
  bool isTiled() const { return std::string(level) == "x86-64-v4-amx"; }
  const char *layout() const { return parts == 1 ? "amx_bf16" : "amx_bf16x3"; }
};

float roundToBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

/// [ceil(N/32)][ceil(K/32)][parts][2][16][32], by its formula.
std::vector<float> packPairs(const std::vector<float> &matrix, int64_t depth, int64_t columns,
                             int64_t parts) {
  int64_t blocks = (depth + 31) / 32, panels = (columns + 31) / 32;
  std::vector<uint16_t> packed(panels * blocks * parts * 1024);
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t n = 0; n < columns; ++n) {
      float rest = matrix[k * columns + n];
      for (int64_t part = 0; part < parts; ++part) {
        float value = roundToBf16(rest);
        rest -= value;
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        int64_t tile = ((n / 32 * blocks + k / 32) * parts + part) * 2 + n % 32 / 16;
        packed[tile * 512 + k % 32 / 2 * 32 + n % 16 * 2 + k % 2] = bits >> 16;
      }
    }
  std::vector<float> pairs(packed.size() / 2);
  std::memcpy(pairs.data(), packed.data(), packed.size() * 2);
  return pairs;
}

/// A linear's data and what it should give at a level.
struct Problem {
  int64_t rows, depth, columns;
  std::vector<float> matrix;
  GuardedBuffer x, weight, bias;
  std::vector<double> product;

  Problem(const Form &form, int64_t rows, int64_t depth, int64_t columns)
      : rows(rows), depth(depth), columns(columns), matrix(depth * columns), x(rows * depth),
        weight((columns + 31) / 32 * ((depth + 31) / 32) * form.parts * 512), bias(columns),
        product(rows * columns) {
    fillRandom(x.data(), x.size(), 1);
    fillRandom(matrix.data(), matrix.size(), 2);
    fillRandom(bias.data(), bias.size(), 3);
    std::vector<float> packed = packPairs(matrix, depth, columns, form.parts);
    std::copy(packed.begin(), packed.end(), weight.data());
    bool roundsX = form.isTiled() && form.parts == 1, roundsW = form.parts == 1;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column) {
        double sum = bias[column];
        for (int64_t k = 0; k < depth; ++k) {
          float a = x[row * depth + k], b = matrix[k * columns + column];
          sum += double(roundsX ? roundToBf16(a) : a) * (roundsW ? roundToBf16(b) : b);
        }
        product[row * columns + column] = sum;
      }
  }
};

std::string linearKernel(const char *layout, int64_t depth, int64_t columns, std::optional<int64_t> scratch,
                         const std::string &rows = "?") {
  std::string k = std::to_string(depth), n = std::to_string(columns);
  std::string x = "tensor<" + rows + "x" + k + "xf32>", y = "tensor<" + rows + "x" + n + "xf32>";
  std::string w = "tensor<" + k + "x" + n + "xf32>", b = "tensor<" + n + "xf32>";
  std::string attributes = "pleat.kernel, pleat.parallel";
  if (scratch)
    attributes += ", pleat.scratch = affine_map<" + std::string(rows == "?" ? "(d0, d1)" : "()") + " -> (" +
                  std::to_string(*scratch) + ")>";
  return "func.func @k(%x: " + x + ", %w: " + w + " {pleat.layout = #pleat.layout<" + layout +
         ">}, %b: " + b + ") -> " + y + " attributes {" + attributes +
         "} {\n  %y = pleat.linear %x, %w bias %b : " + x + ", " + w + ", " + b + " -> " + y +
         "\n  return %y : " + y + "\n}\n";
}

void expectClose(GuardedBuffer &actual, const std::vector<double> &expected, int64_t depth) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], 1e-6 + 2e-7 * depth) << "element " << i;
  EXPECT_TRUE(actual.isIntact());
}

CompiledKernel compile(const std::string &text, const char *level) {
  auto kernel = CompiledKernel::compile(text, level);
  if (!kernel) {
    ADD_FAILURE() << llvm::toString(kernel.takeError()) << text;
    std::abort();
  }
  return std::move(*kernel);
}

class EmitLinearPairs : public testing::TestWithParam<Form> {
protected:
  int64_t scratchFor(int64_t depth, int64_t columns, std::optional<int64_t> rows) {
    pleat::PairPanels weights{depth, columns, GetParam().parts};
    return GetParam().isTiled()
               ? pleat::tileProductScratch(weights, rows)
               : pleat::widenedProductScratch(weights, rows, *pleat::findLevel(GetParam().level));
  }

  void check(int64_t depth, int64_t columns, std::initializer_list<int64_t> rowCounts) {
    int64_t scratch = scratchFor(depth, columns, std::nullopt);
    CompiledKernel kernel =
        compile(linearKernel(GetParam().layout(), depth, columns, scratch), GetParam().level);
    for (int64_t rows : rowCounts) {
      SCOPED_TRACE(testing::Message() << rows << " x " << depth << " x " << columns);
      Problem problem(GetParam(), rows, depth, columns);
      std::vector<float> whole;
      for (int64_t parts : {1, 2, 3}) {
        GuardedBuffer out(rows * columns);
        kernel.run({problem.x.address(), rows, problem.weight.address(), problem.bias.address(),
                    out.address(), rows},
                   parts, scratch);
        expectClose(out, problem.product, depth);
        if (parts == 1)
          whole.assign(out.data(), out.data() + out.size());
        else
          EXPECT_EQ(std::memcmp(whole.data(), out.data(), whole.size() * sizeof(float)), 0)
              << parts << " parts";
      }
    }
  }
};

} // namespace

TEST_P(EmitLinearPairs, EveryNumberOfRows) {
  check(45, 53, {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33});
}

TEST_P(EmitLinearPairs, RaggedDepthAndColumns) {
  for (auto [depth, columns] : {std::pair<int64_t, int64_t>(1, 1), {32, 32}, {64, 15}, {63, 130}})
    check(depth, columns, {1, 5, 16, 40});
}

TEST_P(EmitLinearPairs, LargeEnoughToPrefetch) { check(577, 300, {1, 16, 33, 145}); }

TEST_P(EmitLinearPairs, DepthInSteps) { check(1059, 50, {1, 7, 150}); }

TEST_P(EmitLinearPairs, StaticRows) {
  for (int64_t rows : {7, 131}) {
    Problem problem(GetParam(), rows, 65, 75);
    int64_t scratch = scratchFor(65, 75, rows);
    CompiledKernel kernel =
        compile(linearKernel(GetParam().layout(), 65, 75, scratch, std::to_string(rows)), GetParam().level);
    GuardedBuffer out(rows * 75);
    kernel.run({problem.x.address(), problem.weight.address(), problem.bias.address(), out.address()}, 2,
               scratch);
    expectClose(out, problem.product, 65);
  }
}

TEST_P(EmitLinearPairs, KeepsNaN) {
  int64_t scratch = scratchFor(40, 20, std::nullopt);
  CompiledKernel kernel = compile(linearKernel(GetParam().layout(), 40, 20, scratch), GetParam().level);
  for (int64_t rows : {4, 20}) {
    Problem problem(GetParam(), rows, 40, 20);
    // A NaN whose upper half alone would be an infinity.
    uint32_t bits = 0x7f800001;
    std::memcpy(&problem.x[3 * 40 + 5], &bits, sizeof bits);
    GuardedBuffer out(rows * 20);
    kernel.run(
        {problem.x.address(), rows, problem.weight.address(), problem.bias.address(), out.address(), rows}, 1,
        scratch);
    for (int64_t i = 0; i < rows * 20; ++i)
      EXPECT_EQ(std::isnan(out[i]), i / 20 == 3) << i;
  }
}

/// Three parts on vectors; one part rounds, and tiles sum in another order.
class EmitLinearSplit : public EmitLinearPairs {};

// Parts add up to the f32 they were split from, in the same order of sums.
TEST_P(EmitLinearSplit, ThreePartsGiveTheBitsOfF32) {
  int64_t scratch = scratchFor(70, 37, std::nullopt);
  CompiledKernel split = compile(linearKernel("amx_bf16x3", 70, 37, scratch), GetParam().level);
  CompiledKernel plain = compile(linearKernel("panel16", 70, 37, std::nullopt), GetParam().level);
  for (int64_t rows : {1, 4, 20}) {
    Problem problem(GetParam(), rows, 70, 37);
    std::vector<float> panels = packPanels(problem.matrix.data(), 70, 37);
    GuardedBuffer weight(panels.size()), expected(rows * 37), actual(rows * 37);
    std::copy(panels.begin(), panels.end(), weight.data());
    plain.run({problem.x.address(), rows, weight.address(), problem.bias.address(), expected.address(), rows},
              1);
    split.run(
        {problem.x.address(), rows, problem.weight.address(), problem.bias.address(), actual.address(), rows},
        1, scratch);
    EXPECT_EQ(std::memcmp(expected.data(), actual.data(), actual.size() * sizeof(float)), 0) << rows;
  }
}

TEST_P(EmitLinearPairs, EpilogueWithResidual) {
  int64_t scratch = scratchFor(24, 37, std::nullopt);
  std::string layout = GetParam().layout();
  std::string text = R"(
#id = affine_map<(b, s, n) -> (b, s, n)>
func.func @k(%x: tensor<2x?x24xf32>, %w: tensor<24x37xf32> {pleat.layout = #pleat.layout<)" +
                     layout + R"(>},
             %b: tensor<37xf32>, %r: tensor<2x?x37xf32>) -> tensor<2x?x37xf32>
    attributes {pleat.kernel, pleat.parallel, pleat.scratch = affine_map<(d0, d1, d2) -> ()" +
                     std::to_string(scratch) + R"()>} {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<2x?x24xf32>
  %y = pleat.linear %x, %w bias %b
         : tensor<2x?x24xf32>, tensor<24x37xf32>, tensor<37xf32> -> tensor<2x?x37xf32>
  %a = pleat.activation #pleat.activation_kind<relu> %y : tensor<2x?x37xf32>
  %e = tensor.empty(%n) : tensor<2x?x37xf32>
  %z = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
         ins(%a, %r : tensor<2x?x37xf32>, tensor<2x?x37xf32>) outs(%e : tensor<2x?x37xf32>) {
  ^bb0(%va: f32, %vr: f32, %out: f32):
    %t = arith.addf %va, %vr : f32
    linalg.yield %t : f32
  } -> tensor<2x?x37xf32>
  return %z : tensor<2x?x37xf32>
}
)";
  CompiledKernel kernel = compile(text, GetParam().level);
  for (int64_t length : {1, 3, 17}) {
    Problem problem(GetParam(), 2 * length, 24, 37);
    GuardedBuffer residual(2 * length * 37), out(2 * length * 37);
    fillRandom(residual.data(), residual.size(), 4);
    std::vector<double> expected(out.size());
    for (size_t i = 0; i < expected.size(); ++i)
      expected[i] = std::max(problem.product[i], 0.0) + residual[i];
    kernel.run({problem.x.address(), length, problem.weight.address(), problem.bias.address(),
                residual.address(), length, out.address(), length},
               2, scratch);
    expectClose(out, expected, 24);
  }
}

static std::string formName(const testing::TestParamInfo<Form> &info) {
  std::string name = std::string(info.param.level).substr(7) + "_" + info.param.layout();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Forms, EmitLinearPairs,
                         testing::Values(Form{"x86-64-v3", 1}, Form{"x86-64-v4", 1}, Form{"x86-64-v4-amx", 1},
                                         Form{"x86-64-v3", 3}, Form{"x86-64-v4", 3},
                                         Form{"x86-64-v4-amx", 3}),
                         formName);
INSTANTIATE_TEST_SUITE_P(Forms, EmitLinearSplit, testing::Values(Form{"x86-64-v3", 3}, Form{"x86-64-v4", 3}),
                         formName);
