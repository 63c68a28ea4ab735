// What imported IR looks like.
#include "ImportFixture.h"

using namespace pleat;
using llvm::StringRef;

class ONNXImport : public ImportFixture {
protected:
  /// Whether the last printed IR contains `text`.
  testing::AssertionResult has(const std::string &ir, StringRef text) {
    if (StringRef(ir).contains(text))
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << "no '" << text.str() << "' in\n" << ir << diagnostics;
  }
};

TEST_F(ONNXImport, GraphWithSubgraphs) {
  EXPECT_EQ(import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[batch, 3] x, bool c) => (float[batch, n] y, float[2] z)
    <float[3, 4] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, float[4] ones = {1, 1, 1, 1}> {
      [fc] t = MatMul(x, w)
      y = Add(t, ones)
      k = Constant<value_ints = [2]>()
      z = If(c) <then_branch = t1 () => (float[2] u) { u = ConstantOfShape<value = float[1] {1.5}>(k) },
                 else_branch = t2 () => (float[2] v) { v = Expand(one, k) one = Constant<value_float = 2.0>() }>
    })"),
            R"(module attributes {onnx.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%arg0: tensor<?x3xf32> {onnx.dims = ["batch", 3], onnx.name = "x"}, %arg1: tensor<i1> {onnx.dims = [], onnx.name = "c"}) -> (tensor<?x4xf32> {onnx.dims = ["batch", 4], onnx.name = "y"}, tensor<2xf32> {onnx.dims = [2], onnx.name = "z"}) {
    %cst = arith.constant dense<[[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00], [5.000000e+00, 6.000000e+00, 7.000000e+00, 8.000000e+00], [9.000000e+00, 1.000000e+01, 1.100000e+01, 1.200000e+01]]> : tensor<3x4xf32>
    %cst_0 = arith.constant dense<1.000000e+00> : tensor<4xf32>
    %0 = onnx.node "MatMul" opset 18(%arg0, %cst) {} : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
    %1 = onnx.node "Add" opset 18(%0, %cst_0) {} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %cst_1 = arith.constant dense<2> : tensor<1xi64>
    %2 = onnx.node "If" opset 18(%arg1) {} subgraphs ["then_branch", "else_branch"] : (tensor<i1>) -> tensor<2xf32> {
      %3 = onnx.node "ConstantOfShape" opset 18(%cst_1) {value = dense<1.500000e+00> : tensor<1xf32>} : (tensor<1xi64>) -> tensor<2xf32>
      onnx.yield %3 : tensor<2xf32>
    }, {
      %cst_2 = arith.constant dense<2.000000e+00> : tensor<f32>
      %3 = onnx.node "Expand" opset 18(%cst_2, %cst_1) {} : (tensor<f32>, tensor<1xi64>) -> tensor<2xf32>
      onnx.yield %3 : tensor<2xf32>
    }
    return %1, %2 : tensor<?x4xf32>, tensor<2xf32>
  }
}
)");
  EXPECT_EQ(diagnostics, "");
}

TEST_F(ONNXImport, LocationsAreUniqueNames) {
  locations = true;
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[2] x) => (float[2] y) {
      [twice] a = Abs(x)
      [twice] b = Neg(a)
      c = Exp(b)
      [once] y = Log(c)
    })");
  for (StringRef node : {"\"Abs\" opset 18(%arg0) {} : (tensor<2xf32>) -> tensor<2xf32> \"a\"",
                         "-> tensor<2xf32> \"b\"", "-> tensor<2xf32> \"c\"", "-> tensor<2xf32> \"once\""})
    EXPECT_TRUE(has(ir, node));
}

TEST_F(ONNXImport, UnsortedNodesAreSorted) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[2] x) => (float[2] y) { y = Neg(a) a = Abs(x) })");
  EXPECT_LT(ir.find("\"Abs\""), ir.find("\"Neg\"")) << diagnostics;
  EXPECT_TRUE(has(ir, "\"Neg\" opset 18(%0)"));
}

TEST_F(ONNXImport, OmittedInputsAndOutputs) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[7] x, float max) => (float[7] y, int64[n] inverse) {
      c = Clip(x, , max)
      y = Identity(c)
      u, , inverse = Unique<axis = 0>(c)
    })");
  EXPECT_TRUE(has(
      ir, "\"Clip\" opset 18(%arg0, %0, %arg1) {} : (tensor<7xf32>, none, tensor<f32>) -> tensor<7xf32>"));
  EXPECT_TRUE(has(ir, "(tensor<7xf32>) -> (tensor<?xf32>, none, tensor<?xi64>)"));
}

TEST_F(ONNXImport, UnknownOperatorsAndTheirAttributes) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18, "com.example" : 3]>
    net (float[2] x) => (float[2] y) {
      [odd] t = com.example.Odd<a = 1, b = 2.5, c = "text", d = [1, 2], e = [1.5], f = ["p", "q"]>(x)
      y = Frobnicate(t)
    })");
  EXPECT_TRUE(
      has(ir, "onnx.node \"Odd\" domain \"com.example\" opset 3(%arg0) {a = 1 : i64, b = 2.500000e+00 : f32, "
              "c = \"text\", d = array<i64: 1, 2>, e = array<f32: 1.500000e+00>, f = [\"p\", \"q\"]} : "
              "(tensor<2xf32>) -> !onnx.opaque<\"\">"));
  EXPECT_TRUE(has(ir, "onnx.node \"Frobnicate\" opset 18"));
}

TEST_F(ONNXImport, ContribResultTypes) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18, "com.microsoft" : 1]>
    net (float[2, 5, 8] x, float[8] g, float[8, 3] w) => (float[2, 5, 3] y) {
      t, m, v, s = com.microsoft.SkipLayerNormalization(x, x, g)
      n = SimplifiedLayerNormalization<axis = -1, epsilon = 1e-5>(t, g)
      y = com.microsoft.FusedMatMul(n, w)
    })");
  EXPECT_TRUE(has(ir, "-> (tensor<2x5x8xf32>, tensor<2x5x1xf32>, tensor<2x5x1xf32>, tensor<2x5x8xf32>)"));
  EXPECT_TRUE(has(ir, "(tensor<2x5x8xf32>, tensor<8xf32>) -> tensor<2x5x8xf32>"));
  EXPECT_TRUE(has(ir, "(tensor<2x5x8xf32>, tensor<8x3xf32>) -> tensor<2x5x3xf32>"));
}

TEST_F(ONNXImport, FunctionsAreInlined) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18, "local" : 1]>
    net (float[2] x) => (float[2] y) { y = local.twice(x) }
    <domain: "local", opset_import: ["" : 18]>
    twice (a) => (b) { b = Add(a, a) })");
  EXPECT_TRUE(has(ir, "\"Add\" opset 18(%arg0, %arg0)"));
  EXPECT_FALSE(StringRef(ir).contains("twice"));
}

TEST_F(ONNXImport, OldOpsetsAreConverted) {
  std::string ir = import(R"(
    <ir_version: 6, opset_import: ["" : 11]>
    net (float[3, 1, 4] x) => (float[3, 4] y) { s = Squeeze<axes = [1]>(x) y = Softmax(s) })");
  EXPECT_TRUE(has(ir, "onnx.converted_from = 11 : i64, onnx.opsets = {ai.onnx = 13 : i64}"));
  EXPECT_TRUE(has(ir, "arith.constant dense<1> : tensor<1xi64>"));
  EXPECT_TRUE(has(ir, "\"Softmax\" opset 13(%0) {axis = -1 : i64}"));
}

TEST_F(ONNXImport, ExportersNames) {
  ::onnx::ModelProto model = parse(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[3] x) => (float[3] y) { y = Abs(x) })");
  auto *entry = model.mutable_graph()->mutable_node(0)->add_metadata_props();
  entry->set_key("pkg.torch.onnx.name_scopes");
  entry->set_value("['', 'model', 'model.act', 'abs_1']");
  EXPECT_TRUE(has(import(model), "{onnx.scope = \"model.act\"}"));
}

TEST_F(ONNXImport, StringsAndSequences) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (seq(float[2]) s, int64 i) => (float[2] y, string[2] t) {
      y = SequenceAt(s, i)
      t = Constant<value_strings = ["a", "b"]>()
    })");
  EXPECT_TRUE(has(ir, "%arg0: !onnx.opaque<\"seq(tensor(float))\"> {onnx.name = \"s\"}"));
  EXPECT_TRUE(has(ir, "-> tensor<2x!onnx.string>"));
}

TEST_F(ONNXImport, ReshapeToComputedSizesHasARank) {
  std::string ir = import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[n] x, int64[3] shape) => (float[a, b, c] y) { t = Reshape(x, shape) y = Abs(t) })");
  EXPECT_TRUE(has(ir, "(tensor<?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>"));
}

// tf2onnx names sizes as the ONNX library names those that it makes up.
TEST_F(ONNXImport, SizesOfInputsKeepTheirNamesWhateverTheyAre) {
  std::string ir = import(R"(
    <ir_version: 9, opset_import: ["" : 18]>
    net (float[unk__214, 3] x) => (float[unk__215, 3] y) { y = Relu(x) })");
  EXPECT_TRUE(has(ir, "onnx.dims = [\"unk__214\", 3]"));
}

TEST_F(ONNXImport, ConversionThatFailsLeavesTheOpset) {
  std::string ir = import(R"(
    <ir_version: 6, opset_import: ["" : 6]>
    net (float[n, 3] x, float[3] b) => (float[n, 3] y) { y = Add<broadcast = 1>(x, b) })");
  EXPECT_TRUE(has(ir, "onnx.opsets = {ai.onnx = 6 : i64}"));
  EXPECT_EQ(diagnostics, "'model.onnx': nodes stay at opset 6; conversion to opset 13 failed: "
                         "n Dimension is a param instead of an int\n");
}
