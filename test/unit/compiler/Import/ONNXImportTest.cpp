// What imported IR looks like, and the texts of errors, on models written in ONNX's notation.
#include "compiler/Import/ONNX/ONNXImport.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "onnx/defs/parser.h"
#include "gtest/gtest.h"

using namespace pleat;
using llvm::StringRef;

namespace {

/// A folder with a model.onnx that is removed after the test, and the outcome of its import.
class ImportTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-import", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  ::onnx::ModelProto parse(const char *text) {
    ::onnx::ModelProto model;
    auto status = ::onnx::OnnxParser::Parse(model, text);
    EXPECT_TRUE(status.IsOK()) << status.ErrorMessage();
    return model;
  }

  std::string file(StringRef name) { return (folder + "/" + name).str(); }

  void write(StringRef name, StringRef content) {
    std::error_code code;
    llvm::raw_fd_ostream(file(name), code) << content;
    ASSERT_FALSE(code);
  }

  /// Imports and returns the IR, or "" after a failure.
  std::string import(const ::onnx::ModelProto &model) {
    write("model.onnx", model.SerializeAsString());
    diagnostics.clear();
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      diagnostics += diagnostic.str() + "\n";
      return mlir::success();
    });
    ImportResult result = importModel(file("model.onnx"), context, store);
    status = result.status;
    std::string ir;
    if (result.module) {
      llvm::raw_string_ostream stream(ir);
      mlir::OpPrintingFlags flags;
      result.module->print(stream, locations ? flags.enableDebugInfo(true, /*prettyForm=*/true) : flags);
    }
    return ir;
  }

  std::string import(const char *text) { return import(parse(text)); }

  llvm::SmallString<128> folder;
  WeightStore store;
  ImportStatus status = ImportStatus::Done;
  std::string diagnostics;
  bool locations = false;
};

} // namespace

TEST_F(ImportTest, GraphWithSubgraphs) {
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
