// Runs linear kernels of both vector widths over many shapes and compares whole outputs
// with double precision; buffers end at inaccessible pages.
#include "test/unit/passes/CPU/KernelTest.h"

#include <cmath>
#include <cstring>

using namespace pleat::test;

namespace {

/// A linear's data and what it should give.
struct Problem {
  int64_t rows, depth, columns;
  GuardedBuffer x, weight, bias, residual;
  std::vector<double> product; ///< x W + bias

  Problem(int64_t rows, int64_t depth, int64_t columns)
      : rows(rows), depth(depth), columns(columns), x(rows * depth), weight((columns + 15) / 16 * depth * 16),
        bias(columns), residual(rows * columns), product(rows * columns) {
    std::vector<float> plain(depth * columns);
    fillRandom(x.data(), x.size(), 1);
    fillRandom(plain.data(), plain.size(), 2);
    fillRandom(bias.data(), bias.size(), 3);
    fillRandom(residual.data(), residual.size(), 4);
    std::vector<float> packed = packPanels(plain.data(), depth, columns);
    std::copy(packed.begin(), packed.end(), weight.data());
    for (int64_t row = 0; row < rows; ++row) {
      double *out = &product[row * columns];
      std::copy_n(bias.data(), columns, out);
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t column = 0; column < columns; ++column)
          out[column] += double(x[row * depth + k]) * plain[k * columns + column];
    }
  }
};

std::string linearKernel(int64_t depth, int64_t columns, const std::string &rows = "?") {
  std::string k = std::to_string(depth), n = std::to_string(columns);
  std::string x = "tensor<" + rows + "x" + k + "xf32>", y = "tensor<" + rows + "x" + n + "xf32>";
  std::string w = "tensor<" + k + "x" + n + "xf32>", b = "tensor<" + n + "xf32>";
  return "func.func @k(%x: " + x + ", %w: " + w + " {pleat.layout = #pleat.layout<panel16>}, %b: " + b +
         ") -> " + y +
         " attributes {pleat.kernel, pleat.parallel} {\n  %y = pleat.linear %x, %w bias %b : " + x + ", " +
         w + ", " + b + " -> " + y + "\n  return %y : " + y + "\n}\n";
}

class EmitLinear : public KernelTest {};

void runDynamic(const CompiledKernel &kernel, int64_t rows, int64_t depth, int64_t columns) {
  SCOPED_TRACE(testing::Message() << rows << " x " << depth << " x " << columns);
  Problem problem(rows, depth, columns);
  std::vector<float> whole;
  for (int64_t parts : {1, 2, 3}) {
    GuardedBuffer out(rows * columns);
    kernel.run(
        {problem.x.address(), rows, problem.weight.address(), problem.bias.address(), out.address(), rows},
        parts);
    expectClose(out, problem.product, depth);
    if (parts == 1)
      whole.assign(out.data(), out.data() + out.size());
    else
      EXPECT_EQ(std::memcmp(whole.data(), out.data(), whole.size() * sizeof(float)), 0) << parts << " parts";
  }
}

} // namespace

TEST_P(EmitLinear, DynamicRows) {
  const std::pair<int64_t, int64_t> shapes[] = {{1, 1},    {3, 10},    {64, 16},  {1, 17},
                                                {172, 17}, {64, 65},   {3, 172},  {767, 172},
                                                {767, 1},  {128, 512}, {172, 130}};
  for (auto [depth, columns] : shapes) {
    CompiledKernel kernel = compile(linearKernel(depth, columns));
    for (int64_t rows : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 33, 128, 200})
      runDynamic(kernel, rows, depth, columns);
  }
}

TEST_P(EmitLinear, DepthInBlocks) {
  // 400 columns: more weights than one row reads as a sequence.
  for (int64_t columns : {48, 90, 400}) {
    CompiledKernel kernel = compile(linearKernel(1541, columns));
    for (int64_t rows : {1, 6, 7, 40, 150})
      runDynamic(kernel, rows, 1541, columns);
  }
}

TEST_P(EmitLinear, StaticRows) {
  for (int64_t rows : {1, 4, 7, 131}) {
    Problem problem(rows, 65, 75);
    CompiledKernel kernel = compile(linearKernel(65, 75, std::to_string(rows)));
    GuardedBuffer out(rows * 75);
    kernel.run({problem.x.address(), problem.weight.address(), problem.bias.address(), out.address()}, 2);
    expectClose(out, problem.product, 65);
  }
}

TEST_P(EmitLinear, EpilogueWithResidualColumnAndScalar) {
  const char *text = R"(
#id = affine_map<(b, s, n) -> (b, s, n)>
#column = affine_map<(b, s, n) -> (n)>
#scalar = affine_map<(b, s, n) -> ()>
func.func @k(%x: tensor<2x?x24xf32>, %w: tensor<24x37xf32> {pleat.layout = #pleat.layout<panel16>},
             %b: tensor<37xf32>, %r: tensor<2x?x37xf32>, %g: tensor<37xf32>, %s: tensor<f32>) -> tensor<2x?x37xf32>
    attributes {pleat.kernel, pleat.parallel} {
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f32
  %n = tensor.dim %x, %c1 : tensor<2x?x24xf32>
  %y = pleat.linear %x, %w bias %b
         : tensor<2x?x24xf32>, tensor<24x37xf32>, tensor<37xf32> -> tensor<2x?x37xf32>
  %a = pleat.activation #pleat.activation_kind<relu> %y : tensor<2x?x37xf32>
  %e = tensor.empty(%n) : tensor<2x?x37xf32>
  %z = linalg.generic {indexing_maps = [#id, #id, #column, #scalar, #id],
                       iterator_types = ["parallel", "parallel", "parallel"]}
         ins(%a, %r, %g, %s : tensor<2x?x37xf32>, tensor<2x?x37xf32>, tensor<37xf32>, tensor<f32>)
         outs(%e : tensor<2x?x37xf32>) {
  ^bb0(%va: f32, %vr: f32, %vg: f32, %vs: f32, %out: f32):
    %m = arith.mulf %va, %vg : f32
    %h = arith.mulf %vr, %half : f32
    %t = arith.addf %m, %h : f32
    %u = arith.addf %t, %vs : f32
    linalg.yield %u : f32
  } -> tensor<2x?x37xf32>
  return %z : tensor<2x?x37xf32>
}
)";
  CompiledKernel kernel = compile(text);
  for (int64_t length : {1, 3, 17}) {
    Problem problem(2 * length, 24, 37);
    GuardedBuffer gain(37), scalar(1), out(2 * length * 37);
    fillRandom(gain.data(), 37, 9);
    scalar[0] = 0.25f;
    std::vector<double> expected(out.size());
    for (size_t i = 0; i < expected.size(); ++i)
      expected[i] = std::max(problem.product[i], 0.0) * gain[i % 37] + 0.5 * problem.residual[i] + 0.25;
    kernel.run({problem.x.address(), length, problem.weight.address(), problem.bias.address(),
                problem.residual.address(), length, gain.address(), scalar.address(), out.address(), length},
               2);
    expectClose(out, expected, 24);
  }
}

TEST_P(EmitLinear, KeepsNaN) {
  CompiledKernel kernel = compile(linearKernel(8, 20));
  Problem problem(9, 8, 20);
  problem.x[3 * 8 + 5] = NAN;
  GuardedBuffer out(9 * 20);
  kernel.run({problem.x.address(), 9, problem.weight.address(), problem.bias.address(), out.address(), 9}, 1);
  for (int64_t i = 0; i < 9 * 20; ++i)
    EXPECT_EQ(std::isnan(out[i]), i / 20 == 3) << i;
}

INSTANTIATE_TEST_SUITE_P(Levels, EmitLinear, testing::Values("x86-64-v3", "x86-64-v4"),
                         [](const auto &info) { return std::string(info.param).substr(7); });
