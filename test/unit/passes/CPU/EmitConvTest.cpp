// Runs convolution kernels of both vector widths over strides, dilations, pads, groups and
// ragged sizes, and compares whole outputs with double precision; buffers end at
// inaccessible pages and scratch begins as NaN.
#include "test/unit/passes/CPU/KernelTest.h"

#include <array>
#include <cmath>
#include <cstring>
#include <random>

using namespace pleat::test;

namespace {

using Pair = std::array<int64_t, 2>;

/// A convolution over rows and columns; `inputs` and `outputs` are channels of a group.
struct Shape {
  int64_t images, groups, inputs, outputs;
  Pair size, kernel;
  Pair strides = {1, 1}, dilations = {1, 1}, before = {0, 0}, after = {0, 0};
  bool hasBias = true;

  int64_t result(int axis) const {
    return (size[axis] + before[axis] + after[axis] - (kernel[axis] - 1) * dilations[axis] - 1) /
               strides[axis] +
           1;
  }
  int64_t depth() const { return inputs * kernel[0] * kernel[1]; }
  size_t inputCount() const { return images * groups * inputs * size[0] * size[1]; }
  size_t resultCount() const { return images * groups * outputs * result(0) * result(1); }
};

std::ostream &operator<<(std::ostream &out, const Shape &s) {
  auto pair = [&](const char *name, Pair p) { out << " " << name << " " << p[0] << "," << p[1]; };
  out << s.images << " images, " << s.groups << " groups of " << s.inputs << " -> " << s.outputs;
  pair("size", s.size), pair("kernel", s.kernel), pair("strides", s.strides), pair("dilations", s.dilations);
  pair("before", s.before), pair("after", s.after);
  return out << (s.hasBias ? "" : " no bias");
}

/// A convolution's data and what it should give.
struct Problem {
  const Shape &s;
  GuardedBuffer x, weight, bias;
  std::vector<double> expected;

  explicit Problem(const Shape &s)
      : s(s), x(s.inputCount()), weight(s.groups * s.outputs * s.depth()), bias(s.groups * s.outputs) {
    fillRandom(x.data(), x.size(), 1);
    fillRandom(weight.data(), weight.size(), 2);
    fillRandom(bias.data(), bias.size(), 3);
    for (int64_t image = 0; image < s.images; ++image)
      for (int64_t channel = 0; channel < s.groups * s.outputs; ++channel)
        for (int64_t row = 0; row < s.result(0); ++row)
          for (int64_t column = 0; column < s.result(1); ++column)
            expected.push_back(sum(image, channel, row, column));
  }

  double sum(int64_t image, int64_t channel, int64_t row, int64_t column) {
    double total = s.hasBias ? bias[channel] : 0;
    int64_t group = channel / s.outputs;
    for (int64_t input = 0; input < s.inputs; ++input)
      for (int64_t i = 0; i < s.kernel[0]; ++i)
        for (int64_t j = 0; j < s.kernel[1]; ++j) {
          int64_t y = row * s.strides[0] + i * s.dilations[0] - s.before[0];
          int64_t z = column * s.strides[1] + j * s.dilations[1] - s.before[1];
          if (y < 0 || y >= s.size[0] || z < 0 || z >= s.size[1])
            continue;
          int64_t plane = image * s.groups * s.inputs + group * s.inputs + input;
          total += double(x[(plane * s.size[0] + y) * s.size[1] + z]) *
                   weight[((channel * s.inputs + input) * s.kernel[0] + i) * s.kernel[1] + j];
        }
    return total;
  }
};

std::string tensor(std::vector<std::string> sizes) {
  std::string text = "tensor<";
  for (const std::string &size : sizes)
    text += size + "x";
  return text + "f32>";
}

/// Text of types and attributes; `isDynamic` leaves images, rows and columns open, and a
/// shape with `spatial` 1 has no rows.
struct Text {
  std::string x, weight, bias, result, conv;

  Text(const Shape &s, bool isDynamic, int spatial = 2) {
    auto n = [](int64_t value) { return std::to_string(value); };
    auto open = [&](int64_t value) { return isDynamic ? std::string("?") : n(value); };
    std::vector<std::string> xs = {open(s.images), n(s.groups * s.inputs)},
                             ws = {n(s.groups * s.outputs), n(s.inputs)};
    std::vector<std::string> ys = {open(s.images), ws[0]};
    std::string strides, dilations, before, after;
    for (int axis = 2 - spatial; axis < 2; ++axis) {
      std::string comma = strides.empty() ? "" : ", ";
      xs.push_back(open(s.size[axis])), ws.push_back(n(s.kernel[axis])), ys.push_back(open(s.result(axis)));
      strides += comma + n(s.strides[axis]), dilations += comma + n(s.dilations[axis]);
      before += comma + n(s.before[axis]), after += comma + n(s.after[axis]);
    }
    x = tensor(xs), weight = tensor(ws), bias = tensor({ws[0]}), result = tensor(ys);
    conv = std::string("pleat.conv %x, %w ") + (s.hasBias ? "bias %b " : "") +
           "{strides = array<i64: " + strides + ">, dilations = array<i64: " + dilations +
           ">, pads = array<i64: " + before + ", " + after + ">, group = " + n(s.groups) + " : i64} : " + x +
           ", " + weight + (s.hasBias ? ", " + bias : "") + " -> " + result;
  }

  std::string kernel() const {
    return "func.func @k(%x: " + x + ", %w: " + weight + ", %b: " + bias + ") -> " + result +
           " attributes {pleat.kernel, pleat.parallel} {\n  %y = " + conv + "\n  return %y : " + result +
           "\n}\n";
  }
};

class EmitConv : public KernelTest {
protected:
  void check(const Shape &shape, bool isDynamic = false, int spatial = 2) {
    SCOPED_TRACE(testing::Message() << shape << (isDynamic ? " dynamic" : ""));
    Text text(shape, isDynamic, spatial);
    run(compile(text.kernel()), shape, isDynamic, spatial);
  }

  /// A pooling kernel as recovered IR has it, with half of each result behind it.
  CompiledKernel compilePooling(const Shape &s, bool isMax) {
    auto n = [](int64_t value) { return std::to_string(value); };
    auto pads = [&](Pair pad) { return "[0, 0, " + n(pad[0]) + ", " + n(pad[1]) + "]"; };
    auto window = [&](const char *out, int axis, const char *in) {
      return out + (" * " + n(s.strides[axis])) + " + " + in + " * " + n(s.dilations[axis]);
    };
    std::string x = Text(s, false).x, result = Text(s, false).result,
                extent = tensor({n(s.kernel[0]), n(s.kernel[1])});
    std::string padded = tensor({n(s.images), n(s.groups), n(s.size[0] + s.before[0] + s.after[0]),
                                 n(s.size[1] + s.before[1] + s.after[1])});
    return compile(
        "#x = affine_map<(n, c, y, x, i, j) -> (n, c, " + window("y", 0, "i") + ", " + window("x", 1, "j") +
        ")>\n#extent = affine_map<(n, c, y, x, i, j) -> (i, j)>\n#y = affine_map<(n, c, y, x, i, j) -> (n, "
        "c, y, x)>\n"
        "#id = affine_map<(n, c, y, x) -> (n, c, y, x)>\n"
        "func.func @k(%x: " +
        x + ") -> " + result +
        " attributes {pleat.kernel, pleat.parallel} {\n"
        "  %start = arith.constant " +
        (isMax ? "0xFF800000" : "0.0") +
        " : f32\n  %half = arith.constant 0.5 : f32\n"
        "  %p = tensor.pad %x low" +
        pads(s.before) + " high" + pads(s.after) +
        " {\n  ^bb0(%a: index, %b: index, %c: index, %d: index):\n    tensor.yield %start : f32\n  } : " + x +
        " to " + padded + "\n  %k = tensor.empty() : " + extent + "\n  %e = tensor.empty() : " + result +
        "\n  %f = linalg.fill ins(%start : f32) outs(%e : " + result + ") -> " + result +
        "\n  %y = linalg.generic {indexing_maps = [#x, #extent, #y], iterator_types = [\"parallel\", "
        "\"parallel\", "
        "\"parallel\", \"parallel\", \"reduction\", \"reduction\"]} ins(%p, %k : " +
        padded + ", " + extent + ") outs(%f : " + result +
        ") {\n  ^bb0(%in: f32, %size: f32, %out: f32):\n    %r = arith." + (isMax ? "maximumf" : "addf") +
        " %in, %out : f32\n    linalg.yield %r : f32\n  } -> " + result +
        "\n  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = [\"parallel\", \"parallel\", "
        "\"parallel\", "
        "\"parallel\"]} ins(%y : " +
        result + ") outs(%e : " + result +
        ") {\n  ^bb0(%in: f32, %out: f32):\n"
        "    %r = arith.mulf %in, %half : f32\n    linalg.yield %r : f32\n  } -> " +
        result + "\n  return %z : " + result + "\n}\n");
  }

  void runPooling(const Shape &s, bool isMax) {
    CompiledKernel kernel = compilePooling(s, isMax);
    GuardedBuffer x(s.inputCount()), out(s.resultCount());
    fillRandom(x.data(), x.size(), 5);
    std::vector<double> expected;
    for (int64_t plane = 0; plane < s.images * s.groups; ++plane)
      for (int64_t row = 0; row < s.result(0); ++row)
        for (int64_t column = 0; column < s.result(1); ++column) {
          double fold = isMax ? -INFINITY : 0;
          for (int64_t i = 0; i < s.kernel[0]; ++i)
            for (int64_t j = 0; j < s.kernel[1]; ++j) {
              int64_t y = row * s.strides[0] + i * s.dilations[0] - s.before[0];
              int64_t z = column * s.strides[1] + j * s.dilations[1] - s.before[1];
              if (y < 0 || y >= s.size[0] || z < 0 || z >= s.size[1])
                continue;
              double value = x[(plane * s.size[0] + y) * s.size[1] + z];
              fold = isMax ? std::max(fold, value) : fold + value;
            }
          expected.push_back(fold / 2);
        }
    EXPECT_GT(kernel.fixedScratch(), 0u);
    for (int64_t parts : {1, 3}) {
      kernel.run({x.address(), out.address()}, parts, kernel.fixedScratch());
      expectClose(out, expected, s.kernel[0] * s.kernel[1]);
    }
  }

  /// Runs `kernel`, in one part and more, which must agree bit by bit.
  void run(const CompiledKernel &kernel, const Shape &shape, bool isDynamic, int spatial) {
    // Only this family asks for scratch: the general path would pass unnoticed.
    bool isPadded = shape.before != Pair{0, 0} || shape.after != Pair{0, 0};
    EXPECT_TRUE(!isPadded || kernel.fixedScratch() > 0);
    Problem problem(shape);
    std::vector<float> whole;
    for (int64_t parts : {1, 2, 5}) {
      GuardedBuffer out(shape.resultCount());
      std::vector<int64_t> operands = {problem.x.address()};
      auto addSizes = [&](Pair sizes) {
        if (!isDynamic)
          return;
        operands.push_back(shape.images);
        operands.insert(operands.end(), sizes.end() - spatial, sizes.end());
      };
      addSizes(shape.size);
      operands.insert(operands.end(), {problem.weight.address(), problem.bias.address(), out.address()});
      addSizes({shape.result(0), shape.result(1)});
      kernel.run(operands, parts, kernel.fixedScratch());
      expectClose(out, problem.expected, shape.depth());
      if (parts == 1)
        whole.assign(out.data(), out.data() + out.size());
      else
        EXPECT_EQ(std::memcmp(whole.data(), out.data(), whole.size() * sizeof(float)), 0)
            << parts << " parts";
    }
  }
};

} // namespace

TEST_P(EmitConv, ChannelsAndPixels) {
  for (int64_t outputs : {1, 8, 37})
    for (Pair size : {Pair{3, 3}, {5, 4}, {9, 18}, {7, 30}, {4, 67}})
      check({1, 1, 3, outputs, size, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}});
}

TEST_P(EmitConv, WithoutPadding) {
  for (Pair size : {Pair{3, 3}, {5, 12}, {8, 28}, {6, 43}})
    check({2, 1, 5, 8, size, {3, 3}});
}

TEST_P(EmitConv, PointwiseJoinsRows) {
  for (int64_t inputs : {1, 4, 7})
    for (int64_t outputs : {6, 40})
      for (Pair size : {Pair{1, 1}, {5, 7}, {13, 11}})
        check({2, 1, inputs, outputs, size, {1, 1}});
}

TEST_P(EmitConv, StridesDilationsAndPads) {
  check({1, 1, 3, 7, {17, 37}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}});
  check({1, 1, 3, 7, {17, 38}, {3, 3}, {2, 2}, {1, 1}, {0, 0}, {1, 1}});
  check({1, 1, 2, 7, {20, 53}, {5, 4}, {3, 3}, {1, 1}, {2, 1}, {2, 3}});
  check({1, 1, 2, 5, {15, 35}, {3, 3}, {1, 1}, {2, 3}, {2, 3}, {2, 3}});
  check({1, 1, 2, 5, {19, 41}, {3, 3}, {2, 2}, {3, 2}, {0, 5}, {4, 1}});
  check({1, 1, 2, 5, {9, 40}, {1, 1}, {2, 2}});
  check({1, 1, 2, 5, {9, 40}, {1, 1}, {2, 1}});
  check({1, 1, 1, 8, {16, 16}, {5, 5}, {1, 1}, {1, 1}, {2, 2}, {2, 2}});
  check({1, 1, 2, 3, {9, 40}, {2, 15}, {1, 2}, {1, 1}, {1, 7}, {0, 8}});
  check({1, 1, 2, 3, {4, 3}, {3, 3}, {1, 1}, {1, 1}, {6, 20}, {5, 19}}); // windows that lie in padding
}

TEST_P(EmitConv, ManyRowsTermsAndColumns) {
  check({1, 1, 200, 9, {6, 19}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}});
  check({1, 1, 16, 50, {150, 21}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}});
  check({1, 1, 2, 3, {2, 1201}, {1, 3}, {1, 1}, {1, 1}, {0, 1}, {0, 1}});
  check({1, 1, 3, 40, {2, 1201}, {1, 3}});
}

TEST_P(EmitConv, Groups) {
  check({2, 3, 2, 4, {7, 21}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}});
  check({1, 4, 1, 2, {7, 21}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}});
  check({1, 2, 3, 1, {7, 21}, {3, 3}});
}

TEST_P(EmitConv, Depthwise) {
  for (Pair size : {Pair{3, 3}, {5, 4}, {9, 18}, {17, 33}, {60, 130}})
    for (int64_t stride : {1, 2, 3})
      check({2, 5, 1, 1, size, {3, 3}, {stride, stride}, {1, 1}, {1, 1}, {1, 1}});
  check({1, 3, 1, 1, {20, 40}, {3, 3}});
  check({1, 3, 1, 1, {20, 40}, {5, 5}, {1, 1}, {1, 1}, {2, 2}, {2, 2}, false});
  check({1, 3, 1, 1, {20, 40}, {3, 3}, {1, 1}, {2, 2}, {2, 2}, {2, 2}});
  check({1, 3, 1, 1, {20, 40}, {3, 2}, {2, 1}, {2, 3}, {3, 0}, {1, 2}});
  check({1, 3, 1, 1, {30, 30}, {13, 13}, {1, 1}, {1, 1}, {6, 6}, {6, 6}});
}

TEST_P(EmitConv, OneSpatialAxis) {
  for (int64_t columns : {1, 5, 40, 700})
    check({2, 1, 6, 10, {1, columns}, {1, 3}, {1, 1}, {1, 1}, {0, 1}, {0, 1}}, /*isDynamic=*/false, 1);
  check({1, 1, 6, 40, {1, 90}, {1, 4}, {1, 2}, {1, 3}, {0, 2}, {0, 1}, false}, false, 1);
  check({1, 8, 1, 1, {1, 200}, {1, 31}, {1, 1}, {1, 1}, {0, 15}, {0, 15}}, false, 1);
}

TEST_P(EmitConv, SizesKnownAtRunTime) {
  for (Shape shape : {Shape{1, 1, 3, 9, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
                      {1, 1, 3, 9, {9, 9}, {3, 3}},
                      {1, 1, 5, 40, {9, 9}, {1, 1}},
                      {1, 1, 3, 9, {9, 9}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
                      {1, 7, 1, 1, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}}) {
    CompiledKernel kernel = compile(Text(shape, true).kernel());
    for (int64_t images : {0, 1, 3})
      for (Pair size : {Pair{3, 3}, {4, 9}, {11, 20}, {30, 65}, {2, 300}}) {
        shape.images = images, shape.size = size;
        if (shape.result(0) < 1)
          continue;
        SCOPED_TRACE(testing::Message() << shape);
        run(kernel, shape, true, 2);
      }
  }
}

/// What stands behind the convolution: scale and shift a channel, a residual, relu.
TEST_P(EmitConv, EpilogueByChannelWithResidual) {
  for (Shape shape : {Shape{2, 1, 3, 9, {7, 13}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
                      {2, 1, 3, 9, {7, 13}, {1, 1}},
                      {1, 5, 1, 1, {7, 13}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}}}) {
    SCOPED_TRACE(testing::Message() << shape);
    Text text(shape, false);
    int64_t channels = shape.groups * shape.outputs;
    std::string gain = tensor({std::to_string(channels), "1", "1"});
    CompiledKernel kernel = compile(
        "#id = affine_map<(n, c, y, x) -> (n, c, y, x)>\n#channel = affine_map<(n, c, y, x) -> (c, 0, 0)>\n"
        "func.func @k(%x: " +
        text.x + ", %w: " + text.weight + ", %b: " + text.bias + ", %g: " + gain + ", %r: " + text.result +
        ") -> " + text.result + " attributes {pleat.kernel, pleat.parallel} {\n  %y = " + text.conv +
        "\n  %e = tensor.empty() : " + text.result +
        "\n  %z = linalg.generic {indexing_maps = [#id, #channel, #id, #id], iterator_types = [\"parallel\", "
        "\"parallel\", \"parallel\", \"parallel\"]} ins(%y, %g, %r : " +
        text.result + ", " + gain + ", " + text.result + ") outs(%e : " + text.result +
        ") {\n  ^bb0(%vy: f32, %vg: f32, %vr: f32, %o: f32):\n"
        "    %m = arith.mulf %vy, %vg : f32\n    %s = arith.addf %m, %vr : f32\n    linalg.yield %s : f32\n  "
        "} -> " +
        text.result + "\n  %a = pleat.activation #pleat.activation_kind<relu> %z : " + text.result +
        "\n  return %a : " + text.result + "\n}\n");
    Problem problem(shape);
    GuardedBuffer gains(channels), residual(shape.resultCount()), out(shape.resultCount());
    fillRandom(gains.data(), gains.size(), 7);
    fillRandom(residual.data(), residual.size(), 8);
    int64_t pixels = shape.result(0) * shape.result(1);
    for (size_t i = 0; i < out.size(); ++i)
      problem.expected[i] = std::max(0.0, problem.expected[i] * gains[i / pixels % channels] + residual[i]);
    kernel.run({problem.x.address(), problem.weight.address(), problem.bias.address(), gains.address(),
                residual.address(), out.address()},
               3, kernel.fixedScratch());
    expectClose(out, problem.expected, shape.depth());
  }
}

TEST_P(EmitConv, PropagatesNaN) {
  Shape shape{1, 1, 2, 3, {6, 20}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
  CompiledKernel kernel = compile(Text(shape, false).kernel());
  Problem problem(shape);
  problem.x[2 * 20 + 9] = std::nanf("");
  GuardedBuffer out(shape.resultCount());
  kernel.run({problem.x.address(), problem.weight.address(), problem.bias.address(), out.address()}, 1,
             kernel.fixedScratch());
  for (int64_t row = 0; row < 6; ++row)
    for (int64_t column = 0; column < 20; ++column)
      EXPECT_EQ(std::isnan(out[row * 20 + column]), std::abs(row - 2) <= 1 && std::abs(column - 9) <= 1);
}

/// The largest number or the sum of each window, its padding in the kernel.
TEST_P(EmitConv, Pooling) {
  for (Shape shape : {Shape{2, 3, 1, 1, {28, 28}, {2, 2}, {2, 2}},
                      {1, 3, 1, 1, {14, 14}, {3, 3}, {3, 3}},
                      {2, 3, 1, 1, {15, 37}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
                      {1, 3, 1, 1, {9, 21}, {3, 2}, {1, 1}, {2, 3}, {2, 1}, {0, 3}},
                      {1, 2, 1, 1, {5, 4}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
                      {1, 2, 1, 1, {7, 60}, {7, 5}, {7, 5}},
                      {1, 2, 1, 1, {11, 70}, {4, 20}, {3, 4}, {1, 1}, {0, 9}, {2, 9}}})
    for (bool isMax : {true, false}) {
      SCOPED_TRACE(testing::Message() << shape << (isMax ? " max" : " sum"));
      runPooling(shape, isMax);
    }
}

/// Shapes that nobody thought of.
TEST_P(EmitConv, RandomShapes) {
  std::mt19937 random(11);
  auto upTo = [&](int64_t low, int64_t high) { return low + int64_t(random() % (high - low + 1)); };
  for (int count = 0; count < 12; ++count) {
    Shape shape{upTo(1, 2), upTo(1, 3), upTo(1, 6), upTo(1, 20), {0, 0}, {0, 0}};
    for (int axis : {0, 1}) {
      shape.kernel[axis] = upTo(1, 5), shape.strides[axis] = upTo(1, 3), shape.dilations[axis] = upTo(1, 3);
      shape.before[axis] = upTo(0, 3), shape.after[axis] = upTo(0, 3);
      shape.size[axis] = (shape.kernel[axis] - 1) * shape.dilations[axis] + upTo(1, axis ? 50 : 12);
    }
    shape.hasBias = random() % 2;
    check(shape);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, EmitConv, testing::Values("x86-64-v3", "x86-64-v4"),
                         [](const auto &info) { return info.index == 0 ? "v3" : "v4"; });
