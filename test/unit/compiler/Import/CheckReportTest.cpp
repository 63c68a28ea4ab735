// The report of nodes that cannot be compiled, as text and as JSON.
#include "compiler/Import/CheckReport.h"

#include "ImportFixture.h"

using namespace pleat;

class CheckReports : public ImportFixture {
protected:
  CheckReport check(const char *model) {
    import(model);
    EXPECT_TRUE(module) << diagnostics;
    return checkModel(*module, [](pleat::onnx::NodeOp node) -> std::optional<Obstacle> {
      if (node.is("Abs"))
        return std::nullopt;
      return Obstacle{"no conversion", node.getDomain().empty() ? "" : "export without contrib operators"};
    });
  }
};

TEST_F(CheckReports, ListsAllNodes) {
  CheckReport report = check(R"(
    <ir_version: 10, opset_import: ["" : 18, "com.example" : 2]>
    net (float[2] x, bool c) => (float[2] y) {
      [a] a = Abs(x)
      [odd] b = com.example.Odd(a)
      y = If(c) <then_branch = t () => (float[2] u) { u = Neg(a) }, else_branch = e () => (float[2] v) { v = Abs(a) }>
    })");
  std::string text;
  llvm::raw_string_ostream stream(text);
  report.print(stream);
  EXPECT_EQ(text, "node \"odd\" (com.example.Odd, opset 2): no conversion; export without contrib operators\n"
                  "node \"y\" (If, opset 18): no conversion\n"
                  "node \"u\" (Neg, opset 18): no conversion\n"
                  "3 of 5 nodes cannot be compiled: 1 com.example.Odd, 1 If, 1 Neg\n");
  std::string json;
  llvm::raw_string_ostream(json) << llvm::json::Value(report.toJSON());
  EXPECT_EQ(
      json,
      R"({"converted_from":null,"nodes":5,"unsupported":[)"
      R"({"domain":"com.example","node":"odd","opset":2,"reason":"no conversion",)"
      R"("remedy":"export without contrib operators","scope":"","type":"Odd"},)"
      R"({"domain":"","node":"y","opset":18,"reason":"no conversion","remedy":"","scope":"","type":"If"},)"
      R"({"domain":"","node":"u","opset":18,"reason":"no conversion","remedy":"","scope":"","type":"Neg"}]})");
}

TEST_F(CheckReports, CleanModelAfterConversion) {
  CheckReport report =
      check(R"(<ir_version: 6, opset_import: ["" : 9]> net (float[2] x) => (float[2] y) { y = Abs(x) })");
  EXPECT_TRUE(report.isClean());
  std::string text;
  llvm::raw_string_ostream stream(text);
  report.print(stream);
  EXPECT_EQ(text, "nodes were converted from opset 9\nall 1 nodes can be compiled\n");
}
