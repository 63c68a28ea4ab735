// Runs attention kernels of both vector widths over head sizes, lengths, masks and layouts
// and compares whole outputs with double precision.
#include "test/unit/passes/CPU/KernelTest.h"

#include <cmath>
#include <cstring>

using namespace pleat::test;

namespace {

constexpr int64_t kTile = 6, kPanel = 16;

/// `maskedQueries`: queries under a mask that heads share; the keys each tile sees are kept.
int64_t scratchBytes(int64_t tokens, int64_t size, int64_t maskedQueries = -1) {
  return ((tokens + kPanel - 1) * (kTile + size) + maskedQueries + 1) * sizeof(float);
}

/// One attention; element (b, h, i, d) of a tensor is at the sum of index times stride.
struct Shape {
  int64_t batches, heads, keyHeads, queries, tokens, size;
  bool causal = false, maskedRowsZero = false;
};

struct Strides {
  int64_t batch, head, token;
};

Strides byHead(int64_t heads, int64_t tokens, int64_t size) {
  return {heads * tokens * size, tokens * size, size};
}

/// The result in [B][H][S][D] order.
std::vector<double> attention(const Shape &shape, const float *q, Strides qs, const float *k, Strides ks,
                              const float *v, Strides vs, const float *mask, Strides ms, int64_t maskColumn) {
  std::vector<double> result;
  for (int64_t b = 0; b < shape.batches; ++b)
    for (int64_t h = 0; h < shape.heads; ++h)
      for (int64_t i = 0; i < shape.queries; ++i) {
        int64_t keyHead = h / (shape.heads / shape.keyHeads);
        std::vector<double> scores(shape.tokens, -INFINITY);
        double max = -INFINITY, sum = 0;
        for (int64_t j = 0; j < shape.tokens; ++j) {
          if (shape.causal && j > i + shape.tokens - shape.queries)
            continue;
          double score = 0;
          for (int64_t d = 0; d < shape.size; ++d)
            score += double(q[b * qs.batch + h * qs.head + i * qs.token + d]) *
                     k[b * ks.batch + keyHead * ks.head + j * ks.token + d];
          scores[j] =
              0.25 * score + (mask ? mask[b * ms.batch + h * ms.head + i * ms.token + j * maskColumn] : 0);
          max = std::max(max, scores[j]);
        }
        bool zero = shape.maskedRowsZero && std::isinf(max);
        for (double &score : scores)
          sum += score = zero ? 0 : std::exp(score - max);
        for (int64_t d = 0; d < shape.size; ++d) {
          double total = 0;
          for (int64_t j = 0; j < shape.tokens; ++j)
            total += scores[j] * v[b * vs.batch + keyHead * vs.head + j * vs.token + d];
          result.push_back(zero ? 0 : total / sum);
        }
      }
  return result;
}

void expectClose(GuardedBuffer &actual, const std::vector<double> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isnan(expected[i]))
      ASSERT_TRUE(std::isnan(actual[i])) << "element " << i;
    else
      ASSERT_NEAR(actual[i], expected[i], 3e-6) << "element " << i;
  }
  EXPECT_TRUE(actual.isIntact());
}

std::string join(std::initializer_list<std::string> sizes) {
  std::string text = "tensor<";
  for (const std::string &size : sizes)
    text += size + "x";
  return text + "f32>";
}

class EmitAttention : public KernelTest {
protected:
  /// q, k, v as [B][H][S|T][D]; `mask` the type of a mask or empty.
  std::string kernelText(const Shape &shape, const std::string &mask) {
    std::string h = std::to_string(shape.heads), g = std::to_string(shape.keyHeads),
                d = std::to_string(shape.size);
    std::string q = join({"?", h, "?", d}), k = join({"?", g, "?", d});
    std::string attributes = std::string("{scale = 0.25 : f32") + (shape.causal ? ", causal" : "") +
                             (shape.maskedRowsZero ? ", masked_rows_zero" : "") + "}";
    // Dynamic sizes in slot order: q's two, k's batch, then k's tokens.
    std::string dims = mask.empty() ? "(a, b, c, t, e, f, g, h)" : "(a, b, c, t, e, f, m, n, g, h)";
    return "func.func @k(%q: " + q + ", %k: " + k + ", %v: " + k + (mask.empty() ? "" : ", %m: " + mask) +
           ") -> " + q + " attributes {pleat.kernel, pleat.parallel, pleat.scratch = affine_map<" + dims +
           " -> ((t + 15) * " + std::to_string(4 * (kTile + shape.size)) +
           (mask.empty() ? "" : " + (b + 1) * 4") + ")>} {\n%y = pleat.attention %q, %k, %v" +
           (mask.empty() ? "" : " mask %m") + " " + attributes + " : " + q + ", " + k + ", " + k +
           (mask.empty() ? "" : ", " + mask) + " -> " + q + "\nreturn %y : " + q + "\n}";
  }

  void runPlain(const CompiledKernel &kernel, const Shape &shape) {
    SCOPED_TRACE(testing::Message() << shape.queries << " queries, " << shape.tokens << " tokens, size "
                                    << shape.size);
    GuardedBuffer q(shape.batches * shape.heads * shape.queries * shape.size);
    GuardedBuffer k(shape.batches * shape.keyHeads * shape.tokens * shape.size), v(k.size());
    fillRandom(q.data(), q.size(), 1);
    fillRandom(k.data(), k.size(), 2);
    fillRandom(v.data(), v.size(), 3);
    Strides qs = byHead(shape.heads, shape.queries, shape.size),
            ks = byHead(shape.keyHeads, shape.tokens, shape.size);
    std::vector<double> expected =
        attention(shape, q.data(), qs, k.data(), ks, v.data(), ks, nullptr, {0, 0, 0}, 0);
    std::vector<float> whole;
    for (int64_t parts : {1, 2, 3}) {
      GuardedBuffer out(q.size());
      kernel.run({q.address(), shape.batches, shape.queries, k.address(), shape.batches, shape.tokens,
                  v.address(), shape.batches, shape.tokens, out.address(), shape.batches, shape.queries},
                 parts, scratchBytes(shape.tokens, shape.size));
      expectClose(out, expected);
      if (parts == 1)
        whole.assign(out.data(), out.data() + out.size());
      EXPECT_EQ(std::memcmp(whole.data(), out.data(), whole.size() * sizeof(float)), 0) << parts << " parts";
    }
  }
};

} // namespace

TEST_P(EmitAttention, HeadSizesAndLengths) {
  for (int64_t size : {8, 24, 32, 64, 5})
    for (bool causal : {false, true}) {
      Shape shape{2, 4, size == 32 ? 2 : 4, 1, 1, size, causal};
      CompiledKernel kernel = compile(kernelText(shape, ""));
      for (auto [queries, tokens] : {std::pair<int64_t, int64_t>{1, 1},
                                     {1, 33},
                                     {3, 17},
                                     {4, 4},
                                     {6, 16},
                                     {7, 7},
                                     {16, 40},
                                     {17, 17},
                                     {65, 130}}) {
        shape.queries = queries;
        shape.tokens = tokens;
        runPlain(kernel, shape);
      }
    }
}

TEST_P(EmitAttention, MaskPerKeyAndPerPair) {
  for (bool perPair : {false, true})
    for (bool zero : {false, true}) {
      Shape shape{2, 2, 2, 1, 1, 16, false, zero};
      CompiledKernel kernel =
          compile(kernelText(shape, perPair ? "tensor<1x1x?x?xf32>" : "tensor<?x1x1x?xf32>"));
      for (auto [queries, tokens] : {std::pair<int64_t, int64_t>{1, 9}, {7, 19}, {12, 32}}) {
        SCOPED_TRACE(testing::Message() << queries << " queries, " << tokens << " tokens");
        shape.queries = queries;
        shape.tokens = tokens;
        GuardedBuffer q(4 * queries * 16), k(4 * tokens * 16), v(k.size()), out(q.size());
        GuardedBuffer mask((perPair ? queries : 2) * tokens);
        fillRandom(q.data(), q.size(), 1);
        fillRandom(k.data(), k.size(), 2);
        fillRandom(v.data(), v.size(), 3);
        fillRandom(mask.data(), mask.size(), 4);
        for (int64_t j = 0; j < tokens; ++j)
          mask[j] = -INFINITY; // query 0, or batch 0, sees nothing
        mask[mask.size() - 1] = -3.4e38f;
        Strides qs = byHead(2, queries, 16), ks = byHead(2, tokens, 16);
        Strides ms = perPair ? Strides{0, 0, tokens} : Strides{tokens, 0, 0};
        std::vector<double> expected =
            attention(shape, q.data(), qs, k.data(), ks, v.data(), ks, mask.data(), ms, 1);
        std::vector<int64_t> operands = {q.address(), 2,           queries, k.address(), 2,
                                         tokens,      v.address(), 2,       tokens,      mask.address()};
        operands.insert(operands.end(), {perPair ? queries : 2, tokens, out.address(), 2, queries});
        kernel.run(operands, 2, scratchBytes(tokens, 16, queries));
        expectClose(out, expected);
      }
    }
}

TEST_P(EmitAttention, KeysThatAMaskHidesAreNotRead) {
  Shape shape{1, 2, 2, 1, 1, 8};
  CompiledKernel kernel = compile(kernelText(shape, "tensor<1x1x?x?xf32>"));
  for (float hidden : {-1e9f, -3.4e38f, float(-INFINITY)})
    for (auto [queries, tokens] : {std::pair<int64_t, int64_t>{1, 50}, {3, 16}, {9, 70}, {40, 64}, {70, 70}})
      for (int64_t window : {tokens, int64_t(20)}) {
        SCOPED_TRACE(testing::Message() << queries << " queries, " << tokens << " tokens, window " << window);
        shape.queries = queries;
        shape.tokens = tokens;
        GuardedBuffer q(2 * queries * 8), k(2 * tokens * 8), v(k.size()), mask(queries * tokens),
            out(q.size());
        fillRandom(q.data(), q.size(), 1);
        fillRandom(k.data(), k.size(), 2);
        fillRandom(v.data(), v.size(), 3);
        // Query i is at position i + 8 and sees `window` keys up to itself.
        for (int64_t i = 0; i < queries; ++i)
          for (int64_t j = 0; j < tokens; ++j)
            mask[i * tokens + j] = j <= i + 8 && j > i + 8 - window ? 0.25f * (j % 3) : hidden;
        Strides qs = byHead(2, queries, 8), ks = byHead(2, tokens, 8);
        std::vector<double> expected =
            attention(shape, q.data(), qs, k.data(), ks, v.data(), ks, mask.data(), {0, 0, tokens}, 1);
        // Whole panels that nobody sees may hold anything.
        for (int64_t j = (queries + 7) / kPanel * kPanel + kPanel; j < tokens; ++j)
          for (int64_t h = 0; h < 2; ++h)
            for (int64_t d = 0; d < 8; ++d)
              k[(h * tokens + j) * 8 + d] = v[(h * tokens + j) * 8 + d] = NAN;
        kernel.run({q.address(), 1, queries, k.address(), 1, tokens, v.address(), 1, tokens, mask.address(),
                    queries, tokens, out.address(), 1, queries},
                   2, scratchBytes(tokens, 8, queries));
        expectClose(out, expected);
      }
}

// What one head's queries see serves the other heads of a batch, but not the next batch.
TEST_P(EmitAttention, BatchesUnderDifferentMasks) {
  Shape shape{2, 3, 3, 13, 40, 8};
  CompiledKernel kernel = compile(kernelText(shape, "tensor<2x1x?x?xf32>"));
  GuardedBuffer q(6 * 13 * 8), k(6 * 40 * 8), v(k.size()), mask(2 * 13 * 40);
  fillRandom(q.data(), q.size(), 1);
  fillRandom(k.data(), k.size(), 2);
  fillRandom(v.data(), v.size(), 3);
  for (int64_t batch = 0; batch < 2; ++batch)
    for (int64_t i = 0; i < 13; ++i)
      for (int64_t j = 0; j < 40; ++j)
        mask[(batch * 13 + i) * 40 + j] = (j < 16) == (batch == 0) ? 0.25f * (j % 3) : -INFINITY;
  Strides qs = byHead(3, 13, 8), ks = byHead(3, 40, 8);
  std::vector<double> expected =
      attention(shape, q.data(), qs, k.data(), ks, v.data(), ks, mask.data(), {13 * 40, 0, 40}, 1);
  for (int64_t parts : {1, 2, 4}) {
    SCOPED_TRACE(testing::Message() << parts << " parts");
    GuardedBuffer out(q.size());
    kernel.run({q.address(), 2, 13, k.address(), 2, 40, v.address(), 2, 40, mask.address(), 13, 40,
                out.address(), 2, 13},
               parts, scratchBytes(40, 8, 13));
    expectClose(out, expected);
  }
}

TEST_P(EmitAttention, NaNInAMaskStays) {
  Shape shape{1, 1, 1, 8, 40, 8};
  CompiledKernel kernel = compile(kernelText(shape, "tensor<1x1x?x?xf32>"));
  GuardedBuffer q(8 * 8), k(40 * 8), v(k.size()), mask(8 * 40), out(q.size());
  for (GuardedBuffer *buffer : {&q, &k, &v})
    fillRandom(buffer->data(), buffer->size(), 1);
  mask.fill(-INFINITY);
  for (int64_t i = 0; i < 8; ++i)
    mask[i * 40] = 0;
  mask[3 * 40 + 20] = std::copysign(NAN, -1.0f);
  kernel.run(
      {q.address(), 1, 8, k.address(), 1, 40, v.address(), 1, 40, mask.address(), 8, 40, out.address(), 1, 8},
      1, scratchBytes(40, 8, 8));
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_EQ(std::isnan(out[i * 8]), i == 3) << "query " << i;
}

TEST_P(EmitAttention, ReadsFusedProjectionAndWritesTokens) {
  const char *text = R"(
func.func @k(%qkv: tensor<?x?x72xf32>, %b: index, %s: index) -> tensor<?x?x24xf32>
    attributes {pleat.kernel, pleat.parallel, pleat.scratch = affine_map<(x, y, b, s, u, w) -> ((s + 15) * 56)>} {
  %r = pleat.reshape %qkv [%b, %s] : tensor<?x?x72xf32> -> tensor<?x?x3x3x8xf32>
  %q5 = tensor.extract_slice %r[0, 0, 0, 0, 0] [%b, %s, 1, 3, 8] [1, 1, 1, 1, 1]
          : tensor<?x?x3x3x8xf32> to tensor<?x?x3x8xf32>
  %k5 = tensor.extract_slice %r[0, 0, 1, 0, 0] [%b, %s, 1, 3, 8] [1, 1, 1, 1, 1]
          : tensor<?x?x3x3x8xf32> to tensor<?x?x3x8xf32>
  %v5 = tensor.extract_slice %r[0, 0, 2, 0, 0] [%b, %s, 1, 3, 8] [1, 1, 1, 1, 1]
          : tensor<?x?x3x3x8xf32> to tensor<?x?x3x8xf32>
  %e = tensor.empty(%b, %s) : tensor<?x3x?x8xf32>
  %q = linalg.transpose ins(%q5 : tensor<?x?x3x8xf32>) outs(%e : tensor<?x3x?x8xf32>) permutation = [0, 2, 1, 3]
  %k = linalg.transpose ins(%k5 : tensor<?x?x3x8xf32>) outs(%e : tensor<?x3x?x8xf32>) permutation = [0, 2, 1, 3]
  %v = linalg.transpose ins(%v5 : tensor<?x?x3x8xf32>) outs(%e : tensor<?x3x?x8xf32>) permutation = [0, 2, 1, 3]
  %a = pleat.attention %q, %k, %v {scale = 0.25 : f32, causal}
         : tensor<?x3x?x8xf32>, tensor<?x3x?x8xf32>, tensor<?x3x?x8xf32> -> tensor<?x3x?x8xf32>
  %e2 = tensor.empty(%b, %s) : tensor<?x?x3x8xf32>
  %t = linalg.transpose ins(%a : tensor<?x3x?x8xf32>) outs(%e2 : tensor<?x?x3x8xf32>) permutation = [0, 2, 1, 3]
  %y = pleat.reshape %t [%b, %s] : tensor<?x?x3x8xf32> -> tensor<?x?x24xf32>
  return %y : tensor<?x?x24xf32>
}
)";
  CompiledKernel kernel = compile(text);
  for (int64_t length : {1, 5, 21}) {
    Shape shape{2, 3, 3, length, length, 8, true};
    GuardedBuffer qkv(2 * length * 72), out(2 * length * 24);
    fillRandom(qkv.data(), qkv.size(), 7);
    Strides strides{length * 72, 8, 72};
    std::vector<double> byHeads = attention(shape, qkv.data(), strides, qkv.data() + 24, strides,
                                            qkv.data() + 48, strides, nullptr, {0, 0, 0}, 0);
    std::vector<double> expected(byHeads.size());
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t h = 0; h < 3; ++h)
        for (int64_t i = 0; i < length; ++i)
          for (int64_t d = 0; d < 8; ++d)
            expected[((b * length + i) * 3 + h) * 8 + d] = byHeads[((b * 3 + h) * length + i) * 8 + d];
    kernel.run({qkv.address(), 2, length, 2, length, out.address(), 2, length}, 2, scratchBytes(length, 8));
    expectClose(out, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, EmitAttention, testing::Values("x86-64-v3", "x86-64-v4"),
                         [](const auto &info) { return std::string(info.param).substr(7); });
