// Measures the elementary functions over the floats: every 2039th bit pattern of each sign,
// and all of the special ones, against double precision.
#include "test/unit/passes/CPU/KernelRunner.h"

#include "passes/CPU/MathBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace pleat::test;

namespace {

using BuildFn = mlir::Value (*)(mlir::OpBuilder &, mlir::Location, mlir::Value);
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A kernel that applies `build` to each element of a vector.
std::string elementwiseKernel(BuildFn build) {
  using namespace mlir;
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, linalg::LinalgDialect, math::MathDialect, tensor::TensorDialect>();
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  auto module = OwningOpRef<ModuleOp>(ModuleOp::create(builder, loc));
  builder.setInsertionPointToEnd(module->getBody());
  auto type = RankedTensorType::get(ShapedType::kDynamic, builder.getF32Type());
  auto kernel = func::FuncOp::create(builder, loc, "k", builder.getFunctionType(type, type));
  kernel->setAttr("pleat.kernel", builder.getUnitAttr());
  builder.setInsertionPointToStart(kernel.addEntryBlock());
  Value size = tensor::DimOp::create(builder, loc, kernel.getArgument(0), 0);
  Value empty = tensor::EmptyOp::create(builder, loc, type, size);
  AffineMap map = builder.getMultiDimIdentityMap(1);
  auto generic = linalg::GenericOp::create(builder, loc, type, kernel.getArgument(0), empty, {map, map},
                                           utils::IteratorType::parallel,
                                           [&](OpBuilder &inner, Location where, ValueRange v) {
                                             linalg::YieldOp::create(inner, where, build(inner, where, v[0]));
                                           });
  func::ReturnOp::create(builder, loc, generic.getResults());
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

/// Floats between `low` and `high`, spread over their bit patterns.
std::vector<float> sample(float low, float high) {
  std::vector<float> floats;
  for (uint32_t bits = 0; bits < 0x7F800000u; bits += 2039)
    for (uint32_t sign : {0u, 0x80000000u}) {
      uint32_t pattern = bits | sign;
      float value;
      std::memcpy(&value, &pattern, 4);
      if (value >= low && value <= high)
        floats.push_back(value);
    }
  floats.insert(floats.end(), {low, high});
  return floats;
}

double ulp(double exact) {
  int exponent;
  std::frexp(exact, &exponent);
  return std::ldexp(1.0, std::max(exponent - 24, -149));
}

class Function {
public:
  explicit Function(BuildFn build) : kernel(CompiledKernel::compile(elementwiseKernel(build), "x86-64-v3")) {}

  std::vector<float> operator()(const std::vector<float> &inputs) {
    GuardedBuffer x(inputs.size()), y(inputs.size());
    std::copy(inputs.begin(), inputs.end(), x.data());
    int64_t size = inputs.size();
    kernel->run({x.address(), size, y.address(), size}, 1);
    return std::vector<float>(y.data(), y.data() + size);
  }
  float at(float x) { return (*this)({x})[0]; }

  /// The largest error in ULP between `low` and `high`; results below `floor` are not looked at.
  double worstUlp(double (*exact)(double), float low, float high, double floor = 0) {
    return worst(exact, low, high, floor, [](double, double truth) { return ulp(truth); });
  }
  /// The largest absolute error divided by max(1, |x|).
  double worstAbsolute(double (*exact)(double), float low, float high) {
    return worst(exact, low, high, 0, [](double x, double) { return std::max(1.0, std::fabs(x)); });
  }

private:
  template <typename Unit>
  double worst(double (*exact)(double), float low, float high, double floor, Unit unit) {
    std::vector<float> inputs = sample(low, high), outputs = (*this)(inputs);
    double largest = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      double truth = exact(inputs[i]);
      if (std::fabs(truth) < floor || std::fabs(truth) > std::numeric_limits<float>::max())
        continue;
      double error = std::fabs(outputs[i] - truth) / unit(inputs[i], truth);
      largest = std::isnan(error) ? kInfinity : std::max(largest, error);
    }
    return largest;
  }

  llvm::Expected<CompiledKernel> kernel;
};

constexpr double kSmallestNormal = std::numeric_limits<float>::min();
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x / (1 + std::exp(-x)); }
double geluErf(double x) { return x / 2 * (1 + std::erf(x * M_SQRT1_2)); }
double geluTanh(double x) { return x / 2 * (1 + std::tanh(std::sqrt(M_2_PI) * (x + 0.044715 * x * x * x))); }

void expectKeepsNaN(Function &f) { EXPECT_TRUE(std::isnan(f.at(std::nanf("")))); }

} // namespace

TEST(MathBuilder, Exp) {
  Function f(pleat::buildExp);
  EXPECT_LE(f.worstUlp(std::exp, -104, 88.72f), 1.0);
  EXPECT_EQ(f.at(kInfinity), kInfinity);
  EXPECT_EQ(f.at(-kInfinity), 0.0f);
  EXPECT_EQ(f.at(0.0f), 1.0f);
  EXPECT_EQ(f.at(89.0f), kInfinity);
  EXPECT_GT(f.at(-103.0f), 0.0f) << "denormal results are results";
  expectKeepsNaN(f);
}

TEST(MathBuilder, Exp2) {
  Function f(pleat::buildExp2);
  EXPECT_LE(f.worstUlp(std::exp2, -149, 127.99f), 1.0);
  EXPECT_EQ(f.at(kInfinity), kInfinity);
  EXPECT_EQ(f.at(-kInfinity), 0.0f);
  EXPECT_EQ(f.at(10.0f), 1024.0f);
  expectKeepsNaN(f);
}

TEST(MathBuilder, ExpFlushedNeverGivesDenormals) {
  Function f(pleat::buildExpFlushed);
  EXPECT_LE(f.worstUlp(std::exp, -87.2f, 87.9f), 3.0);
  EXPECT_EQ(f.at(0.0f), 1.0f);
  EXPECT_EQ(f.at(-87.3f), 0.0f);
  EXPECT_EQ(f.at(-100.0f), 0.0f);
  EXPECT_EQ(f.at(-kInfinity), 0.0f);
  expectKeepsNaN(f);
}

TEST(MathBuilder, Log) {
  Function f(pleat::buildLog);
  EXPECT_LE(f.worstUlp(std::log, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max()),
            2.0);
  EXPECT_EQ(f.at(1.0f), 0.0f);
  EXPECT_EQ(f.at(0.0f), -kInfinity);
  EXPECT_EQ(f.at(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(f.at(-1.0f)));
  expectKeepsNaN(f);
}

TEST(MathBuilder, Erf) {
  Function f(pleat::buildErf);
  EXPECT_LE(f.worstUlp(std::erf, -20, 20, kSmallestNormal), 6.0);
  EXPECT_EQ(f.at(kInfinity), 1.0f);
  EXPECT_EQ(f.at(-kInfinity), -1.0f);
  expectKeepsNaN(f);
}

TEST(MathBuilder, Tanh) {
  Function f(pleat::buildTanh);
  EXPECT_LE(f.worstUlp(std::tanh, -20, 20, kSmallestNormal), 6.0);
  EXPECT_EQ(f.at(kInfinity), 1.0f);
  EXPECT_EQ(f.at(-kInfinity), -1.0f);
  expectKeepsNaN(f);
}

TEST(MathBuilder, Sigmoid) {
  Function f(pleat::buildSigmoid);
  EXPECT_LE(f.worstUlp(sigmoid, -87, 100, kSmallestNormal), 3.0);
  EXPECT_EQ(f.at(-kInfinity), 0.0f);
  EXPECT_EQ(f.at(kInfinity), 1.0f);
  expectKeepsNaN(f);
}

TEST(MathBuilder, Silu) {
  Function f(pleat::buildSilu);
  EXPECT_LE(f.worstUlp(silu, -80, 100, kSmallestNormal), 4.0);
  expectKeepsNaN(f);
}

TEST(MathBuilder, Gelu) {
  Function erf(pleat::buildGeluErf), tanh(pleat::buildGeluTanh);
  EXPECT_LE(erf.worstAbsolute(geluErf, -30, 30), 4e-7);
  EXPECT_LE(tanh.worstAbsolute(geluTanh, -30, 30), 4e-7);
  expectKeepsNaN(erf);
  expectKeepsNaN(tanh);
}

TEST(MathBuilder, SineAndCosine) {
  Function sine(pleat::buildSinReduced), cosine(pleat::buildCosReduced);
  double worst = 0;
  std::vector<float> inputs = sample(-8192, 8192), sines = sine(inputs), cosines = cosine(inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    worst = std::max(worst, std::fabs(sines[i] - std::sin(double(inputs[i]))));
    worst = std::max(worst, std::fabs(cosines[i] - std::cos(double(inputs[i]))));
  }
  EXPECT_LE(worst, 2e-7);
  expectKeepsNaN(sine);
}

TEST(MathBuilder, LargeAnglesGoToLibm) {
  Function f([](mlir::OpBuilder &b, mlir::Location loc, mlir::Value x) -> mlir::Value {
    return mlir::math::SinOp::create(b, loc, x);
  });
  std::vector<float> inputs = {0.5f, 1e6f, -3.0f, 1e20f, 2.0f, 9000.0f, -8193.0f, 1.0f, 7e4f};
  std::vector<float> outputs = f(inputs);
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_NEAR(outputs[i], std::sin(double(inputs[i])), 2e-7) << inputs[i];
}
