// Models that break a rule: each gives an error at its node, all of them at once.
#include "ImportFixture.h"

using namespace pleat;
using llvm::StringRef;

class ImportErrors : public ImportFixture {
protected:
  /// Imports a body of nodes in a graph with input x and output y; the diagnostics.
  std::string errorsOf(const std::string &body) {
    import((R"(<ir_version: 10, opset_import: ["" : 18]> net (float[2, 3] x) => (float[2, 3] y) { )" + body +
            "}")
               .c_str());
    EXPECT_EQ(status, ImportStatus::InvalidInput);
    EXPECT_FALSE(module);
    return diagnostics;
  }
};

TEST_F(ImportErrors, Definitions) {
  EXPECT_EQ(errorsOf("[n] y = Add(x, gone)"),
            "node \"n\" (Add, opset 18): its input \"gone\" is not defined\n");
  EXPECT_EQ(errorsOf("[a] y = Abs(x) [b] y = Neg(x)"),
            "node \"b\" (Neg, opset 18): its output \"y\" is defined twice\n");
  EXPECT_EQ(errorsOf("[a] z = Abs(x)"), "output \"y\": no node makes it\n");
  EXPECT_EQ(errorsOf("[a] y = Add(x, b) [b] b = Neg(y)"),
            "node \"a\" (Add, opset 18): depends on its own output\n");
}

TEST_F(ImportErrors, AllAtOnce) {
  EXPECT_EQ(errorsOf("[a] u = Add(x, gone) [b] y = Abs(u, x)"),
            "node \"a\" (Add, opset 18): its input \"gone\" is not defined\n"
            "node \"b\" (Abs, opset 18): has input size 2 not in range [min=1, max=1]\n");
}

TEST_F(ImportErrors, ShapesThatContradict) {
  EXPECT_EQ(errorsOf("[fc] t = MatMul(x, x) y = Abs(t)"),
            "node \"fc\" (MatMul, opset 18): Incompatible dimensions for matrix multiplication\n");
}

TEST_F(ImportErrors, Opsets) {
  import(R"(<ir_version: 10, opset_import: ["" : 99]> net (float[2] x) => (float[2] y) { y = Abs(x) })");
  EXPECT_EQ(status, ImportStatus::Unsupported);
  EXPECT_EQ(diagnostics, "'model.onnx': unsupported opset 99 of the standard domain; supported: up to 28\n");
  import(
      R"(<ir_version: 10, opset_import: ["com.example" : 1]> net (float[2] x) => (float[2] y) { y = Abs(x) })");
  EXPECT_EQ(status, ImportStatus::InvalidInput);
  EXPECT_EQ(diagnostics, "'model.onnx': expects an opset import of the standard domain, but got none\n");
}

TEST_F(ImportErrors, Files) {
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    diagnostics = diagnostic.str();
    return mlir::success();
  });
  ImportResult result = importModel(file("absent.onnx"), context, store);
  EXPECT_EQ(result.status, ImportStatus::FileAccess);
  EXPECT_EQ(diagnostics, "cannot open '" + file("absent.onnx") + "': No such file or directory");
  result = importModel(folder, context, store);
  EXPECT_EQ(result.status, ImportStatus::FileAccess);
  EXPECT_EQ(diagnostics, "cannot open '" + folder.str().str() + "': not a regular file");
  for (StringRef content : {"", "x", "not a model at all", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"}) {
    write("bad.onnx", content);
    result = importModel(file("bad.onnx"), context, store);
    EXPECT_EQ(result.status, ImportStatus::InvalidInput) << content.str();
  }
}

TEST_F(ImportErrors, RecursiveFunctions) {
  import(R"(
    <ir_version: 10, opset_import: ["" : 18, "local" : 1]>
    net (float[2] x) => (float[2] y) { y = local.f(x) }
    <domain: "local", opset_import: ["" : 18, "local" : 1]> f (a) => (b) { b = local.g(a) }
    <domain: "local", opset_import: ["" : 18, "local" : 1]> g (a) => (b) { b = local.f(a) })");
  EXPECT_EQ(status, ImportStatus::InvalidInput);
  EXPECT_TRUE(StringRef(diagnostics).contains("must not be recursive")) << diagnostics;
}

TEST_F(ImportErrors, FunctionsThatStandForBillionsOfNodes) {
  std::string text = R"(<ir_version: 10, opset_import: ["" : 18, "local" : 1]>
    net (float[2] x) => (float[2] y) { y = local.f0(x) })";
  for (int i = 0; i < 40; ++i) {
    std::string next = i == 39 ? "Abs" : "local.f" + std::to_string(i + 1);
    text += "<domain: \"local\", opset_import: [\"\" : 18, \"local\" : 1]> f" + std::to_string(i) +
            " (a) => (b) { t = " + next + "(a) b = " + next + "(t) }\n";
  }
  import(text.c_str());
  EXPECT_EQ(status, ImportStatus::Unsupported);
  EXPECT_EQ(diagnostics, "'model.onnx': local functions stand for more than 1048576 nodes\n");
}

TEST_F(ImportErrors, GraphsThatNestWithoutEnd) {
  ::onnx::ModelProto model =
      parse(R"(<ir_version: 10, opset_import: ["" : 18]> net (float[2] x) => (float[2] y) { y = Abs(x) })");
  std::string graph = model.graph().SerializeAsString();
  for (int depth = 0; depth < 31; ++depth) {
    ::onnx::NodeProto node;
    node.set_op_type("If");
    node.add_output("y");
    ::onnx::AttributeProto *attribute = node.add_attribute();
    attribute->set_name("then_branch");
    attribute->mutable_g()->ParseFromString(graph);
    ::onnx::GraphProto outer;
    outer.set_name("net");
    *outer.add_node() = node;
    graph = outer.SerializeAsString();
  }
  model.mutable_graph()->ParseFromString(graph);
  import(model);
  EXPECT_EQ(status, ImportStatus::InvalidInput);
  EXPECT_EQ(diagnostics, "'model.onnx': graphs nest more than 30 deep\n");
}

TEST_F(ImportErrors, VectorsOfAnyLengthCostNothing) {
  import(R"(
    <ir_version: 10, opset_import: ["" : 18]>
    net (float[2, 3] x, int64[4000000000000] shape) => (float[n] y) {
      twice = Concat<axis = 0>(shape, shape)
      more = Add(twice, twice)
      y = Reshape(x, more)
    })");
  EXPECT_EQ(status, ImportStatus::Done) << diagnostics;
}

TEST_F(ImportErrors, LargeDataInAFieldOfAnotherType) {
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(18);
  ::onnx::GraphProto *graph = model.mutable_graph();
  graph->set_name("net");
  ::onnx::TensorProto *tensor = graph->add_initializer();
  tensor->set_name("w");
  tensor->set_data_type(::onnx::TensorProto::INT32);
  tensor->add_dims(2000); // beyond what becomes a literal
  tensor->mutable_float_data()->Resize(2000, 1.0f);
  ::onnx::ValueInfoProto *output = graph->add_output();
  output->set_name("w");
  output->mutable_type()->mutable_tensor_type()->set_elem_type(::onnx::TensorProto::INT32);
  import(model);
  EXPECT_EQ(status, ImportStatus::InvalidInput);
  EXPECT_EQ(diagnostics, "tensor \"w\": has its data in a field that does not hold int32\n");
}
