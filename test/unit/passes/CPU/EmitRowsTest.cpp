// Runs norms, softmax and rotary embedding of both vector widths on rows of many lengths and compares whole
// outputs with double precision; buffers end at inaccessible pages.
#include "test/unit/passes/CPU/KernelTest.h"

#include <cmath>
#include <cstring>
#include <functional>

using namespace pleat::test;

namespace {

class EmitRows : public KernelTest {};

/// Replaces each `$N` by `length`.
std::string withLength(std::string text, const std::string &length) {
  for (size_t at; (at = text.find("$N")) != std::string::npos;)
    text.replace(at, 2, length);
  return text;
}

void expectRow(GuardedBuffer &actual, size_t begin, const std::vector<double> &expected, double tolerance) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isnan(expected[i]))
      ASSERT_TRUE(std::isnan(actual[begin + i])) << begin << " + " << i;
    else
      ASSERT_NEAR(actual[begin + i], expected[i], tolerance) << begin << " + " << i;
  }
}

std::vector<double> softmax(const float *x, int64_t length, bool log) {
  double max = -INFINITY, sum = 0;
  for (int64_t i = 0; i < length; ++i)
    max = std::max(max, double(x[i]));
  std::vector<double> result(length);
  for (int64_t i = 0; i < length; ++i)
    sum += result[i] = std::exp(x[i] - max);
  for (int64_t i = 0; i < length; ++i)
    result[i] = log ? x[i] - max - std::log(sum) : result[i] / sum;
  return result;
}

std::vector<double> layerNorm(const std::vector<double> &x, double epsilon) {
  double mean = 0, variance = 0;
  for (double value : x)
    mean += value / x.size();
  for (double value : x)
    variance += (value - mean) * (value - mean) / x.size();
  std::vector<double> result;
  for (double value : x)
    result.push_back((value - mean) / std::sqrt(variance + epsilon));
  return result;
}

constexpr int64_t kLengths[] = {1, 7, 8, 9, 16, 31, 64, 100, 257};

} // namespace

TEST_P(EmitRows, Softmax) {
  for (bool log : {false, true}) {
    CompiledKernel kernel =
        compile(std::string("func.func @k(%x: tensor<?x?xf32>) -> tensor<?x?xf32>"
                            " attributes {pleat.kernel, pleat.parallel} {\n"
                            "%y = pleat.softmax %x ") +
                (log ? "{log} " : "") + ": tensor<?x?xf32>\nreturn %y : tensor<?x?xf32>\n}");
    for (int64_t length : kLengths) {
      GuardedBuffer x(5 * length), out(5 * length);
      fillRandom(x.data(), x.size(), length);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = 30 * x[i] + 50;
      x[length - 1] = -INFINITY;
      x[4 * length] = NAN;
      std::fill_n(&x[3 * length], length, -3.4e38f);
      kernel.run({x.address(), 5, length, out.address(), 5, length}, 2);
      for (int64_t row = 0; row < 5; ++row) {
        if (row == 0 && log)
          continue;
        expectRow(out, row * length, softmax(&x[row * length], length, log), log ? 2e-5 : 1e-6);
      }
      EXPECT_TRUE(out.isIntact());
    }
  }
}

TEST_P(EmitRows, LayerNormOfSumReturnsBoth) {
  const char *text = R"(
#id = affine_map<(b, s, n) -> (b, s, n)>
func.func @k(%x: tensor<2x?x$Nxf32>, %r: tensor<2x?x$Nxf32>, %g: tensor<$Nxf32>, %b: tensor<$Nxf32>)
    -> (tensor<2x?x$Nxf32>, tensor<2x?x$Nxf32>) attributes {pleat.kernel, pleat.parallel} {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<2x?x$Nxf32>
  %e = tensor.empty(%n) : tensor<2x?x$Nxf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
         ins(%x, %r : tensor<2x?x$Nxf32>, tensor<2x?x$Nxf32>) outs(%e : tensor<2x?x$Nxf32>) {
  ^bb0(%vx: f32, %vr: f32, %out: f32):
    %t = arith.addf %vx, %vr : f32
    linalg.yield %t : f32
  } -> tensor<2x?x$Nxf32>
  %y = pleat.layer_norm %s scale %g : tensor<$Nxf32> bias %b : tensor<$Nxf32> {epsilon = 1.0e-5 : f32}
         : tensor<2x?x$Nxf32> -> tensor<2x?x$Nxf32>
  return %s, %y : tensor<2x?x$Nxf32>, tensor<2x?x$Nxf32>
}
)";
  for (int64_t length : kLengths) {
    CompiledKernel kernel = compile(withLength(text, std::to_string(length)));
    int64_t rows = 2 * 3;
    GuardedBuffer x(rows * length), residual(rows * length), gain(length), bias(length);
    fillRandom(x.data(), x.size(), 1);
    fillRandom(residual.data(), x.size(), 2);
    fillRandom(gain.data(), length, 3);
    fillRandom(bias.data(), length, 4);
    std::vector<float> whole;
    for (int64_t parts : {1, 2, 3}) {
      GuardedBuffer sum(rows * length), out(rows * length);
      kernel.run({x.address(), 3, residual.address(), 3, gain.address(), bias.address(), sum.address(), 3,
                  out.address(), 3},
                 parts);
      for (int64_t row = 0; row < rows; ++row) {
        std::vector<double> input(length);
        for (int64_t i = 0; i < length; ++i)
          input[i] = x[row * length + i] + residual[row * length + i];
        std::vector<double> expected = layerNorm(input, 1e-5);
        for (int64_t i = 0; i < length; ++i)
          expected[i] = expected[i] * gain[i] + bias[i];
        expectRow(sum, row * length, input, 0);
        expectRow(out, row * length, expected, 5e-6);
      }
      EXPECT_TRUE(sum.isIntact() && out.isIntact());
      if (parts == 1)
        whole.assign(out.data(), out.data() + out.size());
      EXPECT_EQ(std::memcmp(whole.data(), out.data(), whole.size() * sizeof(float)), 0) << parts << " parts";
    }
  }
}

TEST_P(EmitRows, RmsNormOfDynamicRows) {
  CompiledKernel kernel = compile("func.func @k(%x: tensor<?x?xf32>, %g: tensor<?xf32>) -> tensor<?x?xf32>"
                                  " attributes {pleat.kernel, pleat.parallel} {\n"
                                  "%y = pleat.rms_norm %x scale %g : tensor<?xf32> {epsilon = 1.0e-6 : f32}"
                                  " : tensor<?x?xf32> -> tensor<?x?xf32>\nreturn %y : tensor<?x?xf32>\n}");
  for (int64_t length : kLengths) {
    GuardedBuffer x(3 * length), gain(length), out(3 * length);
    fillRandom(x.data(), x.size(), 1);
    fillRandom(gain.data(), length, 2);
    kernel.run({x.address(), 3, length, gain.address(), length, out.address(), 3, length}, 1);
    for (int64_t row = 0; row < 3; ++row) {
      double squares = 0;
      for (int64_t i = 0; i < length; ++i)
        squares += double(x[row * length + i]) * x[row * length + i];
      std::vector<double> expected(length);
      for (int64_t i = 0; i < length; ++i)
        expected[i] = x[row * length + i] / std::sqrt(squares / length + 1e-6) * gain[i];
      expectRow(out, row * length, expected, 2e-6);
    }
    EXPECT_TRUE(out.isIntact());
  }
}

/// One rotation of head `h` at (b, s), element by element as the op's formula says; x at
/// `x`, results to `y`.
static void rotate(const float *x, const float *cos, const float *sin, int64_t size, bool interleaved,
                   float *y) {
  for (int64_t pair = 0; pair < size / 2; ++pair) {
    int64_t first = interleaved ? 2 * pair : pair, second = interleaved ? first + 1 : pair + size / 2;
    // In double the products are exact, so that each is rounded once, whatever the compiler.
    float ac = double(x[first]) * cos[pair], bs = double(x[second]) * sin[pair];
    float as = double(x[first]) * sin[pair], bc = double(x[second]) * cos[pair];
    y[first] = ac - bs;
    y[second] = as + bc;
  }
}

TEST_P(EmitRows, RotaryIsExactInBothPairings) {
  for (bool interleaved : {false, true})
    for (int64_t size : {8, 64, 6, 20, 2})
      for (bool sharesAngles : {false, true}) {
        std::string d = std::to_string(size), half = std::to_string(size / 2);
        // x as a projection leaves it, [B][S][H][D], written as heads.
        std::string angles = std::string("tensor<") + (sharesAngles ? "1" : "?") + "x1x?x" + half + "xf32>";
        CompiledKernel kernel = compile(
            "func.func @k(%p: tensor<?x?x3x" + d + "xf32>, %b: index, %s: index, %c: " + angles +
            ", %t: " + angles + ") -> tensor<?x3x?x" + d +
            "xf32> attributes {pleat.kernel, pleat.parallel} {\n%e = tensor.empty(%b, %s) : " +
            "tensor<?x3x?x" + d + "xf32>\n%x = linalg.transpose ins(%p : tensor<?x?x3x" + d +
            "xf32>) outs(%e : tensor<?x3x?x" + d +
            "xf32>) permutation = [0, 2, 1, 3]\n%y = pleat.rotary %x, %c, %t" +
            (interleaved ? " {interleaved}" : "") + " : tensor<?x3x?x" + d + "xf32>, " + angles + ", " +
            angles + " -> tensor<?x3x?x" + d + "xf32>\nreturn %y : tensor<?x3x?x" + d + "xf32>\n}");
        for (auto [batches, tokens] : {std::pair<int64_t, int64_t>{2, 5}, {1, 1}, {3, 7}}) {
          SCOPED_TRACE(testing::Message()
                       << "size " << size << ", interleaved " << interleaved << ", tokens " << tokens);
          GuardedBuffer x(batches * tokens * 3 * size), out(x.size());
          GuardedBuffer cos((sharesAngles ? 1 : batches) * tokens * size / 2), sin(cos.size());
          fillRandom(x.data(), x.size(), 1);
          fillRandom(cos.data(), cos.size(), 2);
          fillRandom(sin.data(), sin.size(), 3);
          x[0] = NAN;
          std::vector<float> expected(x.size());
          for (int64_t b = 0; b < batches; ++b)
            for (int64_t s = 0; s < tokens; ++s)
              for (int64_t h = 0; h < 3; ++h) {
                int64_t angle = ((sharesAngles ? 0 : b) * tokens + s) * size / 2;
                rotate(x.data() + ((b * tokens + s) * 3 + h) * size, cos.data() + angle, sin.data() + angle,
                       size, interleaved, expected.data() + ((b * 3 + h) * tokens + s) * size);
              }
          std::vector<int64_t> operands = {x.address(), batches, tokens, batches, tokens};
          for (GuardedBuffer *table : {&cos, &sin}) {
            operands.push_back(table->address());
            if (!sharesAngles)
              operands.push_back(batches);
            operands.push_back(tokens);
          }
          operands.insert(operands.end(), {out.address(), batches, tokens});
          kernel.run(operands, 2);
          for (size_t i = 0; i < expected.size(); ++i)
            ASSERT_TRUE(out[i] == expected[i] || (std::isnan(out[i]) && std::isnan(expected[i])))
                << "element " << i;
          EXPECT_TRUE(out.isIntact());
        }
      }
}

INSTANTIATE_TEST_SUITE_P(Levels, EmitRows, testing::Values("x86-64-v3", "x86-64-v4"),
                         [](const auto &info) { return std::string(info.param).substr(7); });
