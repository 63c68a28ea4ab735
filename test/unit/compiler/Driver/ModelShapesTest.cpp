// Dimensions from inputs, shapes from dimensions, names to places, and random inputs.
#include "compiler/Driver/ModelShapes.h"
#include "compiler/Driver/CompareTensors.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/RandomInputs.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace pleat;
using llvm::Expected;

namespace {

// ids[batch][seq], mask[seq + 1], state[2][batch] to y[batch][5].
const pleat_axis kIdsAxes[] = {{PLEAT_AXIS_DIM, 0}, {PLEAT_AXIS_DIM, 1}};
const pleat_axis kMaskAxes[] = {{PLEAT_AXIS_EXPR, 0}};
const pleat_axis kStateAxes[] = {{PLEAT_AXIS_STATIC, 2}, {PLEAT_AXIS_DIM, 0}};
const pleat_axis kOutAxes[] = {{PLEAT_AXIS_DIM, 0}, {PLEAT_AXIS_STATIC, 5}};
const pleat_tensor_desc kInputs[] = {{"input.ids", "input_ids", PLEAT_I64, 2, kIdsAxes},
                                     {"mask", "mask", PLEAT_BOOL, 1, kMaskAxes},
                                     {"state", "state", PLEAT_F32, 2, kStateAxes}};
const pleat_tensor_desc kOutputs[] = {{"y", "y", PLEAT_F32, 2, kOutAxes}};
const pleat_dim_desc kDims[] = {{"batch", 1, 1, 1}, {"seq", 2, 0, 3}};
const pleat_id_check kChecks[] = {{0, 7}};

void evalSizes(const int64_t *dims, int64_t *sizes) { sizes[0] = dims[1] + 1; }

pleat_model_desc makeModel() {
  pleat_model_desc model{};
  model.inputs = kInputs;
  model.outputs = kOutputs;
  model.dims = kDims;
  model.id_checks = kChecks;
  model.input_count = 3;
  model.output_count = 1;
  model.dim_count = model.host_dim_count = 2;
  model.expr_count = model.id_check_count = 1;
  model.eval_sizes = evalSizes;
  return model;
}

HostTensor zeros(llvm::StringRef name, pleat_type type, llvm::ArrayRef<int64_t> shape) {
  HostTensor tensor{name.str(), type, llvm::SmallVector<int64_t, 4>(shape), {}};
  tensor.bytes.resize(*hostBytes(type, shape));
  return tensor;
}

/// Inputs for batch 1 and seq 5.
std::vector<HostTensor> goodInputs() {
  return {zeros("input.ids", PLEAT_I64, {1, 5}), zeros("mask", PLEAT_BOOL, {6}),
          zeros("state", PLEAT_F32, {2, 1})};
}

/// The value of a result that is no failure. (llvm::cantFail checks nothing in this build of LLVM.)
template <typename T>
T valueOf(Expected<T> result) {
  if (result)
    return std::move(*result);
  ADD_FAILURE() << llvm::toString(result.takeError());
  return T();
}

template <typename T>
std::string failureOf(Expected<T> result) {
  return result ? "no failure" : llvm::toString(result.takeError());
}

} // namespace

TEST(ModelShapes, DimsComeFromInputs) {
  EXPECT_EQ(valueOf(bindDims(makeModel(), goodInputs(), {})), (DimValues{1, 5}));
}

TEST(ModelShapes, DisagreementNamesBothPlaces) {
  std::vector<HostTensor> inputs = goodInputs();
  EXPECT_EQ(failureOf(bindDims(makeModel(), inputs, {{"seq", 8}})),
            "input 'input.ids', axis 1 has size 5, but dimension 'seq' has size 8 by --dim seq");
  inputs[1] = zeros("mask", PLEAT_BOOL, {5});
  EXPECT_EQ(failureOf(bindDims(makeModel(), inputs, {})),
            "input 'mask', axis 0: expects size 6, but got size 5");
  inputs = goodInputs();
  inputs[2] = zeros("state", PLEAT_F32, {3, 1});
  EXPECT_EQ(failureOf(bindDims(makeModel(), inputs, {})),
            "input 'state', axis 0: expects size 2, but got size 3");
  inputs[2] = zeros("state", PLEAT_F64, {2, 1});
  EXPECT_EQ(failureOf(bindDims(makeModel(), inputs, {})),
            "input 'state': expects f32 [2, batch], but got f64 [2, 1]");
}

TEST(ModelShapes, RangesAndStepsHold) {
  EXPECT_EQ(failureOf(chooseDims(makeModel(), {{"seq", 4}})),
            "--dim seq has size 4, but dimension 'seq' takes 2 and more in steps of 3");
  EXPECT_EQ(failureOf(chooseDims(makeModel(), {{"batch", 2}})),
            "--dim batch has size 2, but dimension 'batch' takes 1..1");
  EXPECT_EQ(failureOf(chooseDims(makeModel(), {{"sequence", 2}})),
            "--dim: the model has no dimension 'sequence'; it has batch, seq");
}

TEST(ModelShapes, ADimensionWithOneSizeNeedsNoFlag) {
  EXPECT_EQ(valueOf(chooseDims(makeModel(), {{"seq", 8}})), (DimValues{1, 8}));
  EXPECT_EQ(failureOf(chooseDims(makeModel(), {})), "dimension 'seq' needs a size: --dim seq=VALUE");
}

TEST(ModelShapes, OutputsFollowDims) {
  pleat_model_desc model = makeModel();
  std::vector<HostTensor> outputs = valueOf(allocateTensors(model, outputsOf(model), {1, 5}));
  EXPECT_EQ(outputs[0].shape, (llvm::SmallVector<int64_t, 4>{1, 5}));
  EXPECT_EQ(outputs[0].bytes.size(), 20u);
  EXPECT_EQ(failureOf(allocateTensors(model, inputsOf(model), {1, int64_t(1) << 61})),
            "'input.ids' cannot have the shape 1x2305843009213693952 that these sizes give it");
}

TEST(ModelShapes, TensorsMatchByEitherName) {
  pleat_model_desc model = makeModel();
  std::vector<HostTensor> given = {zeros("state", PLEAT_F32, {2, 1}), zeros("input_ids", PLEAT_I64, {1, 5}),
                                   zeros("mask", PLEAT_BOOL, {6})};
  std::vector<HostTensor> matched = valueOf(matchTensors(inputsOf(model), given, false, "input"));
  EXPECT_EQ(matched[0].type, PLEAT_I64);
  EXPECT_EQ(matched[0].name, "input.ids");
  EXPECT_EQ(matched[2].type, PLEAT_F32);
  given.pop_back();
  EXPECT_EQ(failureOf(matchTensors(inputsOf(model), given, false, "input")), "input 'mask' is missing");
}

TEST(ModelShapes, OrderedTensorsMatchByPlaceWhenNamesDoNot) {
  pleat_model_desc model = makeModel();
  std::vector<HostTensor> given = goodInputs();
  given[1].name = "";
  EXPECT_EQ(failureOf(matchTensors(inputsOf(model), given, false, "input")), "input 'mask' is missing");
  EXPECT_EQ(valueOf(matchTensors(inputsOf(model), given, true, "input"))[1].name, "mask");
  given.push_back(given[0]);
  EXPECT_EQ(failureOf(matchTensors(inputsOf(model), given, true, "input")),
            "the model has 3 inputs, but got 4 tensors");
}

TEST(RandomInputs, SameSeedSameInputs) {
  pleat_model_desc model = makeModel();
  auto draw = [&](uint64_t seed) { return valueOf(drawInputs(model, {1, 200}, seed)); };
  EXPECT_EQ(draw(1)[0].bytes, draw(1)[0].bytes);
  EXPECT_NE(draw(1)[0].bytes, draw(2)[0].bytes);
}

TEST(RandomInputs, IdsStayInTheTableAndReachAllOfIt) {
  HostTensor ids = valueOf(drawInputs(makeModel(), {1, 500}, 0))[0];
  std::vector<int> seen(7, 0);
  for (int64_t i = 0; i < ids.size(); ++i) {
    ASSERT_GE(ids.at(i), 0);
    ASSERT_LT(ids.at(i), 7);
    ++seen[static_cast<int>(ids.at(i))];
  }
  for (int count : seen)
    EXPECT_GT(count, 30);
}

TEST(RandomInputs, FloatsAreNormal) {
  pleat_model_desc model = makeModel();
  HostTensor state = valueOf(drawInputs(model, {10000, 2}, 0))[2];
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < state.size(); ++i) {
    sum += state.at(i);
    squares += state.at(i) * state.at(i);
  }
  EXPECT_NEAR(sum / state.size(), 0, 0.03);
  EXPECT_NEAR(squares / state.size(), 1, 0.03);
}

TEST(HostTensor, NarrowFloatsRoundToNearestEven) {
  EXPECT_EQ(floatToBFloat16(1.00390625f), 0x3f80); // halfway: to the even one
  EXPECT_EQ(floatToBFloat16(1.01171875f), 0x3f82);
  EXPECT_EQ(bfloat16ToFloat(0x3f82), 1.015625f);
  EXPECT_TRUE(std::isnan(bfloat16ToFloat(floatToBFloat16(NAN))));
  EXPECT_EQ(floatToHalf(65520.0f), 0x7c00); // halfway to what does not exist: infinity
  EXPECT_EQ(halfToFloat(0x0001), 5.9604644775390625e-08f);
}

TEST(HostTensor, EmptyShapesHaveNoBytes) {
  EXPECT_EQ(hostBytes(PLEAT_F32, {int64_t(1) << 60, 0}), 0u);
  EXPECT_EQ(hostBytes(PLEAT_F32, {int64_t(1) << 60, 4}), std::nullopt);
  EXPECT_EQ(hostBytes(PLEAT_F32, {-1, 0}), std::nullopt);
}

namespace {

HostTensor floats(std::vector<float> values) {
  HostTensor tensor = zeros("t", PLEAT_F32, {static_cast<int64_t>(values.size())});
  std::copy_n(reinterpret_cast<const uint8_t *>(values.data()), tensor.bytes.size(), tensor.bytes.begin());
  return tensor;
}

} // namespace

TEST(CompareTensors, FindsTheWorstElement) {
  Comparison found = compareTensors(floats({1, 2.1f, 1000.05f}), floats({1, 2, 1000}), {1e-4, 1e-5});
  EXPECT_EQ(found.mismatches, 1);
  EXPECT_EQ(found.worst, 1);
  EXPECT_NEAR(found.largestError, 0.1, 1e-6);
  EXPECT_NEAR(found.relativeL2, std::sqrt(0.1 * 0.1 + 0.05 * 0.05) / std::sqrt(1 + 4 + 1e6), 1e-6);
}

TEST(CompareTensors, OddNumbersEqualTheirLikeAlone) {
  EXPECT_TRUE(
      compareTensors(floats({NAN, INFINITY, -INFINITY}), floats({NAN, INFINITY, -INFINITY}), {}).good());
  EXPECT_EQ(compareTensors(floats({NAN, 1, INFINITY}), floats({1, NAN, -INFINITY}), {1, 1}).mismatches, 3);
  EXPECT_EQ(compareTensors(floats({1}), floats({INFINITY}), {1, 1}).mismatches, 1);
}

TEST(CompareTensors, NothingExpectedIsNoDivisionByZero) {
  EXPECT_EQ(compareTensors(floats({0, 0}), floats({0, 0}), {}).relativeL2, 0);
  EXPECT_TRUE(std::isinf(compareTensors(floats({1e-9f}), floats({0}), {}).relativeL2));
  Comparison empty = compareTensors(floats({}), floats({}), {});
  EXPECT_TRUE(empty.good());
  EXPECT_EQ(empty.worst, -1);
}

TEST(CompareTensors, IntegersAreExactBeyondDoubles) {
  HostTensor a = zeros("a", PLEAT_I64, {2}), b = a;
  a.bytes[7] = b.bytes[7] = 0x40; // 2^62, and one more
  b.bytes[0] = 1;
  Comparison found = compareTensors(a, b, {1, 1});
  EXPECT_EQ(found.mismatches, 1);
  EXPECT_EQ(found.worst, 0);
}

TEST(CompareTensors, PositionsAreRowMajor) {
  EXPECT_EQ(positionOf(23, {2, 3, 4}), (llvm::SmallVector<int64_t, 4>{1, 2, 3}));
  EXPECT_EQ(positionOf(0, {}), (llvm::SmallVector<int64_t, 4>{}));
}
