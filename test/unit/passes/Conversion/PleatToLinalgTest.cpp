// Runs the reference meaning of each pleat op and compares it with a plain computation in
// double precision. Sizes that can differ do, and dynamic ones are passed as slots.
#include "test/unit/passes/CPU/KernelRunner.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "mlir/Parser/Parser.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>

using namespace pleat::test;

namespace {

/// `text` with pleat ops rewritten, so that no kernel family takes them.
std::string rewritten(const std::string &text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::tensor::TensorDialect,
                      mlir::affine::AffineDialect, pleat::PleatDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  mlir::PassManager passes(&context);
  passes.addPass(pleat::createPleatToLinalg());
  if (!module || failed(passes.run(*module)))
    return "rewriting failed";
  std::string result;
  llvm::raw_string_ostream stream(result);
  module->print(stream);
  return result;
}

/// Slots, and the memory they point to, of one kernel call.
class Call {
public:
  GuardedBuffer &random(size_t count, std::vector<int64_t> dynamicSizes = {}) {
    GuardedBuffer &buffer = add(count, dynamicSizes);
    fillRandom(buffer.data(), count, buffers.size());
    return buffer;
  }
  void ids(std::vector<int64_t> values, std::vector<int64_t> dynamicSizes) {
    integers = std::move(values);
    slots.push_back(reinterpret_cast<int64_t>(integers.data()));
    slots.insert(slots.end(), dynamicSizes.begin(), dynamicSizes.end());
  }
  void index(int64_t value) { slots.push_back(value); }

  /// Runs `body`, the arguments, results and ops of a kernel, and compares its only result.
  void expect(const std::string &body, const std::vector<double> &expected,
              std::vector<int64_t> dynamicSizes = {}, double tolerance = 2e-6) {
    std::string text = rewritten("func.func @k" + body);
    auto kernel = CompiledKernel::compile(text, "x86-64-v3");
    ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError()) << text;
    GuardedBuffer &result = add(expected.size(), dynamicSizes);
    for (int64_t parts : {1, 3}) {
      result.fill(std::numeric_limits<float>::quiet_NaN());
      kernel->run(slots, parts, scratch);
      for (size_t i = 0; i < expected.size(); ++i) {
        if (std::isnan(expected[i]))
          ASSERT_TRUE(std::isnan(result[i])) << "element " << i;
        else
          ASSERT_NEAR(result[i], expected[i], tolerance) << "element " << i << ", parts " << parts;
      }
      EXPECT_TRUE(result.isIntact());
    }
  }

  size_t scratch = 0;

private:
  GuardedBuffer &add(size_t count, const std::vector<int64_t> &dynamicSizes) {
    buffers.push_back(std::make_unique<GuardedBuffer>(count));
    slots.push_back(buffers.back()->address());
    slots.insert(slots.end(), dynamicSizes.begin(), dynamicSizes.end());
    return *buffers.back();
  }
  std::vector<std::unique_ptr<GuardedBuffer>> buffers;
  std::vector<int64_t> integers, slots;
};

constexpr const char *kParallel = " attributes {pleat.kernel, pleat.parallel} {\n";

} // namespace

TEST(PleatToLinalg, LinearWithBias) {
  Call call;
  auto &x = call.random(7 * 12, {7}), &w = call.random(12 * 21), &b = call.random(21);
  std::vector<double> y(7 * 21);
  for (int i = 0; i < 7; ++i)
    for (int n = 0; n < 21; ++n) {
      double sum = b[n];
      for (int k = 0; k < 12; ++k)
        sum += double(x[i * 12 + k]) * w[k * 21 + n];
      y[i * 21 + n] = sum;
    }
  call.expect(
      std::string("(%x: tensor<?x12xf32>, %w: tensor<12x21xf32>, %b: tensor<21xf32>) -> tensor<?x21xf32>") +
          kParallel +
          "%y = pleat.linear %x, %w bias %b : tensor<?x12xf32>, tensor<12x21xf32>, tensor<21xf32> -> "
          "tensor<?x21xf32>\n return %y : tensor<?x21xf32>\n}",
      y, {7});
}

TEST(PleatToLinalg, LinearReadsTransposedWeightInPlace) {
  Call call;
  auto &x = call.random(3 * 37, {3}), &w = call.random(5 * 37);
  std::vector<double> y(3 * 5);
  for (int i = 0; i < 3; ++i)
    for (int n = 0; n < 5; ++n)
      for (int k = 0; k < 37; ++k)
        y[i * 5 + n] += double(x[i * 37 + k]) * w[n * 37 + k];
  call.expect(std::string("(%x: tensor<?x37xf32>, %w: tensor<5x37xf32>) -> tensor<?x5xf32>") + kParallel +
                  "%t = pleat.transposed %w : tensor<5x37xf32>\n"
                  "%y = pleat.linear %x, %t : tensor<?x37xf32>, tensor<37x5xf32> -> tensor<?x5xf32>\n"
                  "return %y : tensor<?x5xf32>\n}",
              y, {3});
}

TEST(PleatToLinalg, WeightExpressionsAreMaterialised) {
  // (U V + A) transposed and applied to x; the sum needs no name in the kernel's interface.
  Call call;
  auto &x = call.random(2 * 6), &u = call.random(4 * 3), &v = call.random(3 * 6), &a = call.random(4 * 6);
  std::vector<double> y(2 * 4);
  for (int i = 0; i < 2; ++i)
    for (int n = 0; n < 4; ++n)
      for (int k = 0; k < 6; ++k) {
        double weight = a[n * 6 + k];
        for (int r = 0; r < 3; ++r)
          weight += double(u[n * 3 + r]) * v[r * 6 + k];
        y[i * 4 + n] += x[i * 6 + k] * weight;
      }
  call.expect("(%x: tensor<2x6xf32>, %u: tensor<4x3xf32>, %v: tensor<3x6xf32>, %a: tensor<4x6xf32>) -> "
              "tensor<2x4xf32> "
              "attributes {pleat.kernel} {\n"
              "%p = pleat.low_rank %u, %v : tensor<4x3xf32>, tensor<3x6xf32>\n"
              "%s = pleat.sum %p, %a : tensor<4x6xf32>\n"
              "%t = pleat.transposed %s : tensor<4x6xf32>\n"
              "%y = pleat.linear %x, %t : tensor<2x6xf32>, tensor<6x4xf32> -> tensor<2x4xf32>\n"
              "return %y : tensor<2x4xf32>\n}",
              y);
}

TEST(PleatToLinalg, GatherCountsNegativeIdsFromTheEndAndClampsOthers) {
  Call call;
  auto &table = call.random(5 * 19);
  call.ids({4, -1, 0, -5, 99, -99}, {2, 3});
  std::vector<double> y;
  for (int row : {4, 4, 0, 0, 4, 0})
    y.insert(y.end(), table.data() + row * 19, table.data() + row * 19 + 19);
  call.expect(std::string("(%t: tensor<5x19xf32>, %i: tensor<?x?xi64>) -> tensor<?x?x19xf32>") + kParallel +
                  "%y = pleat.gather %t, %i : tensor<5x19xf32>, tensor<?x?xi64> -> tensor<?x?x19xf32>\n"
                  "return %y : tensor<?x?x19xf32>\n}",
              y, {2, 3}, 0.0);
}

TEST(PleatToLinalg, GatherFromTransposedTable) {
  Call call;
  auto &table = call.random(3 * 11);
  call.ids({7, 2}, {2});
  std::vector<double> y;
  for (int row : {7, 2})
    for (int column = 0; column < 3; ++column)
      y.push_back(table[column * 11 + row]);
  call.expect(std::string("(%t: tensor<3x11xf32>, %i: tensor<?xi64>) -> tensor<?x3xf32>") + kParallel +
                  "%w = pleat.transposed %t : tensor<3x11xf32>\n"
                  "%y = pleat.gather %w, %i : tensor<11x3xf32>, tensor<?xi64> -> tensor<?x3xf32>\n"
                  "return %y : tensor<?x3xf32>\n}",
              y, {2}, 0.0);
}

TEST(PleatToLinalg, Activations) {
  struct Case {
    const char *kind;
    std::function<double(double)> f;
  };
  auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  for (const Case &test :
       {Case{"relu", [](double x) { return std::isnan(x) ? x : std::max(x, 0.0); }},
        Case{"gelu_erf", [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }},
        Case{"gelu_tanh",
             [](double x) {
               return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
             }},
        Case{"silu", [&](double x) { return x * sigmoid(x); }}, Case{"sigmoid", sigmoid},
        Case{"tanh", [](double x) { return std::tanh(x); }}}) {
    SCOPED_TRACE(test.kind);
    Call call;
    auto &x = call.random(103, {103});
    std::vector<double> y;
    x[5] = std::numeric_limits<float>::quiet_NaN();
    for (int i = 0; i < 103; ++i) {
      x[i] *= 6;
      y.push_back(test.f(x[i]));
    }
    call.expect(std::string("(%x: tensor<?xf32>) -> tensor<?xf32>") + kParallel +
                    "%y = pleat.activation #pleat.activation_kind<" + test.kind +
                    "> %x : tensor<?xf32>\n return %y : tensor<?xf32>\n}",
                y, {103}, 3e-6);
  }
}

TEST(PleatToLinalg, SoftmaxAndItsLogarithm) {
  for (bool log : {false, true}) {
    Call call;
    auto &x = call.random(4 * 35, {4});
    if (!log)
      x[35] = -std::numeric_limits<float>::infinity();
    std::vector<double> y;
    for (int row = 0; row < 4; ++row) {
      double total = 0, largest = -1e9;
      for (int i = 0; i < 35; ++i)
        largest = std::max<double>(largest, x[row * 35 + i]);
      for (int i = 0; i < 35; ++i)
        total += std::exp(x[row * 35 + i] - largest);
      for (int i = 0; i < 35; ++i) {
        double shifted = x[row * 35 + i] - largest;
        y.push_back(log ? shifted - std::log(total) : std::exp(shifted) / total);
      }
    }
    call.expect(std::string("(%x: tensor<?x35xf32>) -> tensor<?x35xf32>") + kParallel +
                    "%y = pleat.softmax %x" + (log ? " {log}" : "") +
                    " : tensor<?x35xf32>\n return %y : tensor<?x35xf32>\n}",
                y, {4});
  }
}

TEST(PleatToLinalg, LayerNorm) {
  Call call;
  auto &x = call.random(2 * 3 * 29, {2, 3}), &scale = call.random(29), &bias = call.random(29);
  std::vector<double> y;
  for (int row = 0; row < 6; ++row) {
    double mean = 0, variance = 0;
    for (int i = 0; i < 29; ++i)
      mean += x[row * 29 + i] / 29.0;
    for (int i = 0; i < 29; ++i)
      variance += (x[row * 29 + i] - mean) * (x[row * 29 + i] - mean) / 29.0;
    for (int i = 0; i < 29; ++i)
      y.push_back((x[row * 29 + i] - mean) / std::sqrt(variance + 1e-5) * scale[i] + bias[i]);
  }
  call.expect(
      std::string("(%x: tensor<?x?x29xf32>, %s: tensor<29xf32>, %b: tensor<29xf32>) -> tensor<?x?x29xf32>") +
          kParallel +
          "%y = pleat.layer_norm %x scale %s : tensor<29xf32> bias %b : tensor<29xf32> {epsilon = 1.0e-5 : "
          "f32} "
          ": tensor<?x?x29xf32> -> tensor<?x?x29xf32>\n return %y : tensor<?x?x29xf32>\n}",
      y, {2, 3}, 4e-6);
}

TEST(PleatToLinalg, RmsNormWithoutScale) {
  Call call;
  auto &x = call.random(5 * 16, {5});
  std::vector<double> y;
  for (int row = 0; row < 5; ++row) {
    double square = 0;
    for (int i = 0; i < 16; ++i)
      square += double(x[row * 16 + i]) * x[row * 16 + i] / 16;
    for (int i = 0; i < 16; ++i)
      y.push_back(x[row * 16 + i] / std::sqrt(square + 0.5));
  }
  call.expect(std::string("(%x: tensor<?x16xf32>) -> tensor<?x16xf32>") + kParallel +
                  "%y = pleat.rms_norm %x {epsilon = 0.5 : f32} : tensor<?x16xf32> -> tensor<?x16xf32>\n"
                  "return %y : tensor<?x16xf32>\n}",
              y, {5});
}

TEST(PleatToLinalg, RotaryInBothPairings) {
  for (bool interleaved : {false, true}) {
    Call call;
    const int B = 2, H = 3, S = 5, D = 20, half = D / 2;
    auto &x = call.random(B * H * S * D, {B, S}), &cos = call.random(S * half, {S}),
         &sin = call.random(S * half, {S});
    std::vector<double> y(B * H * S * D);
    for (int row = 0; row < B * H * S; ++row)
      for (int i = 0; i < half; ++i) {
        int first = row * D + (interleaved ? 2 * i : i),
            second = row * D + (interleaved ? 2 * i + 1 : i + half);
        double c = cos[row % S * half + i], s = sin[row % S * half + i];
        y[first] = x[first] * c - x[second] * s;
        y[second] = x[first] * s + x[second] * c;
      }
    call.expect(
        std::string("(%x: tensor<?x3x?x20xf32>, %c: tensor<1x?x10xf32>, %s: tensor<1x?x10xf32>) -> "
                    "tensor<?x3x?x20xf32>") +
            kParallel + "%y = pleat.rotary %x, %c, %s" + (interleaved ? " {interleaved}" : "") +
            " : tensor<?x3x?x20xf32>, tensor<1x?x10xf32>, tensor<1x?x10xf32> -> tensor<?x3x?x20xf32>\n"
            "return %y : tensor<?x3x?x20xf32>\n}",
        y, {B, S});
  }
}

TEST(PleatToLinalg, AttentionWithGroupsMaskAndCausality) {
  const int B = 2, H = 6, G = 3, S = 4, T = 7, D = 8, Dv = 5;
  const float lowest = -std::numeric_limits<float>::infinity();
  for (bool zeroRows : {false, true}) {
    Call call;
    auto &q = call.random(B * H * S * D), &k = call.random(B * H / G * T * D),
         &v = call.random(B * H / G * T * Dv), &mask = call.random(B * S * T);
    for (int j = 0; j < T; ++j)
      mask[S * T + 2 * T + j] = lowest; // one query of the second batch sees nothing
    std::vector<double> y;
    for (int b = 0; b < B; ++b)
      for (int h = 0; h < H; ++h)
        for (int i = 0; i < S; ++i) {
          int head = b * H / G + h / G;
          std::vector<double> s(T, lowest);
          for (int j = 0; j <= i + T - S; ++j) {
            s[j] = 0;
            for (int d = 0; d < D; ++d)
              s[j] += double(q[((b * H + h) * S + i) * D + d]) * k[(head * T + j) * D + d];
            s[j] = s[j] * 0.25 + mask[(b * S + i) * T + j];
          }
          double top = *std::max_element(s.begin(), s.end()), total = 0;
          for (double &score : s)
            total += score = std::exp(score - top);
          for (int d = 0; d < Dv; ++d) {
            double sum = 0;
            for (int j = 0; j < T; ++j)
              sum += s[j] / total * v[(head * T + j) * Dv + d];
            y.push_back(zeroRows && std::isnan(sum) ? 0.0 : sum);
          }
        }
    call.expect(
        std::string("(%q: tensor<2x6x4x8xf32>, %k: tensor<2x2x7x8xf32>, %v: tensor<2x2x7x5xf32>, "
                    "%m: tensor<2x1x4x7xf32>) -> tensor<2x6x4x5xf32>") +
            kParallel + "%y = pleat.attention %q, %k, %v mask %m {scale = 0.25 : f32, causal" +
            (zeroRows ? ", masked_rows_zero" : "") +
            "} : tensor<2x6x4x8xf32>, tensor<2x2x7x8xf32>, tensor<2x2x7x5xf32>, tensor<2x1x4x7xf32> -> "
            "tensor<2x6x4x5xf32>\n return %y : tensor<2x6x4x5xf32>\n}",
        y);
  }
}

TEST(PleatToLinalg, Convolution2DWithGroupsPadsStridesAndDilations) {
  const int N = 2, C = 4, group = 2, M = 6, H = 9, W = 11, KH = 3, KW = 2;
  for (bool isPadded : {false, true}) {
    Call call;
    const int top = isPadded ? 1 : 0, left = isPadded ? 2 : 0, bottom = 0, right = isPadded ? 1 : 0, SH = 2,
              SW = 1, DH = 1, DW = 3;
    const int OH = (H + top + bottom - DH * (KH - 1) - 1) / SH + 1,
              OW = (W + left + right - DW * (KW - 1) - 1) / SW + 1;
    auto &x = call.random(N * C * H * W, {N, H, W}), &w = call.random(M * C / group * KH * KW),
         &b = call.random(M);
    std::vector<double> y;
    for (int n = 0; n < N; ++n)
      for (int m = 0; m < M; ++m)
        for (int oh = 0; oh < OH; ++oh)
          for (int ow = 0; ow < OW; ++ow) {
            double sum = b[m];
            for (int c = 0; c < C / group; ++c)
              for (int kh = 0; kh < KH; ++kh)
                for (int kw = 0; kw < KW; ++kw) {
                  int ih = oh * SH - top + kh * DH, iw = ow * SW - left + kw * DW;
                  int channel = m / (M / group) * (C / group) + c;
                  if (ih >= 0 && ih < H && iw >= 0 && iw < W)
                    sum += double(x[((n * C + channel) * H + ih) * W + iw]) *
                           w[((m * C / group + c) * KH + kh) * KW + kw];
                }
            y.push_back(sum);
          }
    std::string pads = isPadded ? "1, 2, 0, 1" : "0, 0, 0, 0";
    call.expect(
        std::string("(%x: tensor<?x4x?x?xf32>, %w: tensor<6x2x3x2xf32>, %b: tensor<6xf32>) -> "
                    "tensor<?x6x?x?xf32>") +
            kParallel +
            "%y = pleat.conv %x, %w bias %b {strides = array<i64: 2, 1>, dilations = array<i64: 1, 3>, "
            "pads = array<i64: " +
            pads +
            ">, group = 2 : i64} : tensor<?x4x?x?xf32>, tensor<6x2x3x2xf32>, tensor<6xf32> -> "
            "tensor<?x6x?x?xf32>\n return %y : tensor<?x6x?x?xf32>\n}",
        y, {N, OH, OW});
  }
}

TEST(PleatToLinalg, DepthwiseConvolution1D) {
  const int C = 5, L = 23, K = 4;
  Call call;
  auto &x = call.random(C * L, {1, L}), &w = call.random(C * K);
  std::vector<double> y;
  for (int c = 0; c < C; ++c)
    for (int o = 0; o < L; ++o) { // causal: K - 1 zeros before
      double sum = 0;
      for (int k = 0; k < K; ++k)
        if (o + k - (K - 1) >= 0)
          sum += double(x[c * L + o + k - (K - 1)]) * w[c * K + k];
      y.push_back(sum);
    }
  call.expect(std::string("(%x: tensor<?x5x?xf32>, %w: tensor<5x1x4xf32>) -> tensor<?x5x?xf32>") + kParallel +
                  "%y = pleat.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = "
                  "array<i64: 3, 0>, "
                  "group = 5 : i64} : tensor<?x5x?xf32>, tensor<5x1x4xf32> -> tensor<?x5x?xf32>\n"
                  "return %y : tensor<?x5x?xf32>\n}",
              y, {1, L});
}

TEST(PleatToLinalg, ReshapeKeepsOrder) {
  Call call;
  auto &x = call.random(6 * 8, {6});
  call.index(2);
  call.index(3);
  std::vector<double> y;
  for (int i = 0; i < 48; ++i)
    y.push_back(std::max(x[i], 0.0f));
  call.expect(std::string("(%x: tensor<?x8xf32>, %a: index, %b: index) -> tensor<?x?x2x4xf32>") + kParallel +
                  "%r = pleat.reshape %x [%a, %b] : tensor<?x8xf32> -> tensor<?x?x2x4xf32>\n"
                  "%y = pleat.activation #pleat.activation_kind<relu> %r : tensor<?x?x2x4xf32>\n"
                  "return %y : tensor<?x?x2x4xf32>\n}",
              y, {2, 3});
}

TEST(PleatToLinalg, RepeatIsUnrolledAndCollects) {
  // h <- relu(h W_i), and every h is collected.
  Call call;
  auto &x = call.random(2 * 3), &w = call.random(4 * 3 * 3);
  std::vector<double> h(x.data(), x.data() + 6), y;
  for (int i = 0; i < 4; ++i) {
    std::vector<double> next(6);
    for (int row = 0; row < 2; ++row)
      for (int n = 0; n < 3; ++n) {
        for (int k = 0; k < 3; ++k)
          next[row * 3 + n] += h[row * 3 + k] * w[(i * 3 + k) * 3 + n];
        next[row * 3 + n] = std::max(next[row * 3 + n], 0.0);
      }
    h = next;
    y.insert(y.end(), h.begin(), h.end());
  }
  call.expect(
      "(%x: tensor<2x3xf32>, %w: tensor<4x3x3xf32>) -> tensor<4x2x3xf32> attributes {pleat.kernel} {\n"
      "%last, %all = pleat.repeat 4 carried(%x) stacked(%w) : (tensor<2x3xf32>, tensor<4x3x3xf32>) -> "
      "(tensor<2x3xf32>, tensor<4x2x3xf32>) {\n"
      "^bb0(%h: tensor<2x3xf32>, %wi: tensor<3x3xf32>):\n"
      "%p = pleat.linear %h, %wi : tensor<2x3xf32>, tensor<3x3xf32> -> tensor<2x3xf32>\n"
      "%r = pleat.activation #pleat.activation_kind<relu> %p : tensor<2x3xf32>\n"
      "pleat.yield %r, %r : tensor<2x3xf32>, tensor<2x3xf32>\n}\n"
      "return %all : tensor<4x2x3xf32>\n}",
      y);
}

TEST(PleatToLinalg, StackAndUnstack) {
  Call call;
  auto &a = call.random(3), &b = call.random(3);
  std::vector<double> y(b.data(), b.data() + 3);
  (void)a;
  call.expect("(%a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<3xf32> attributes {pleat.kernel} {\n"
              "%s = pleat.stack %a, %b : tensor<3xf32>, tensor<3xf32> -> tensor<2x3xf32>\n"
              "%y = pleat.unstack %s[1] : tensor<2x3xf32> -> tensor<3xf32>\n"
              "return %y : tensor<3xf32>\n}",
              y, {}, 0.0);
}
