// Checks a graph by the standard's rules and names the node that breaks one. The library's
// own checker stops at the first problem and knows no operators beyond the standard.
#include "compiler/Import/ONNX/PreparedModel.h"

#include "compiler/Import/ONNX/TensorPayload.h"
#include "onnx/checker.h"
#include "onnx/defs/schema.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::StringRef;

namespace {

/// From this version of the format on, exporters declare the shape of every output.
constexpr int64_t shapesRequiredSince = 9;

/// Names defined in a graph, and those of the graphs around it.
struct Scope {
  const Scope *outer;
  llvm::StringSet<> names;

  bool has(StringRef name) const { return names.contains(name) || (outer && outer->has(name)); }
};

bool isExternal(const ::onnx::TensorProto &tensor) {
  return tensor.data_location() == ::onnx::TensorProto::EXTERNAL;
}

/// Whether an attribute's data was stripped, so that the library cannot check it.
bool hasExternal(const ::onnx::AttributeProto &attribute) {
  auto sparse = [](const ::onnx::SparseTensorProto &tensor) {
    return isExternal(tensor.values()) || isExternal(tensor.indices());
  };
  return isExternal(attribute.t()) || sparse(attribute.sparse_tensor()) ||
         llvm::any_of(attribute.tensors(), isExternal) || llvm::any_of(attribute.sparse_tensors(), sparse);
}

class GraphChecker {
public:
  GraphChecker(int64_t irVersion, const OpsetMap &opsets, ModelIssues &issues)
      : irVersion(irVersion), opsets(opsets), issues(issues) {
    context.set_ir_version(static_cast<int>(irVersion));
    std::unordered_map<std::string, int> versions;
    for (const auto &[domain, version] : opsets)
      versions[domain] = static_cast<int>(version);
    context.set_opset_imports(versions);
  }

  void check(const ::onnx::GraphProto &graph, const Scope *outer) {
    bool main = !outer;
    if (main && graph.name().empty())
      invalid("", "expects the graph to have a name");
    Scope scope{outer, {}};
    for (const ::onnx::ValueInfoProto &input : graph.input()) {
      define(scope, input.name(), "input", input.name());
      if (main)
        checkInterface(input, "input", /*shapeRequired=*/true);
    }
    for (const ::onnx::TensorProto &tensor : graph.initializer()) {
      define(scope, tensor.name(), "initializer", tensor.name());
      checkTensor(tensor);
    }
    for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer())
      define(scope, tensor.values().name(), "sparse initializer", tensor.values().name());
    for (const ::onnx::NodeProto &node : graph.node())
      checkNode(node, scope);
    llvm::StringSet<> outputs;
    for (const ::onnx::ValueInfoProto &output : graph.output()) {
      std::string label = "output \"" + output.name() + "\"";
      if (!scope.has(output.name()))
        invalid(output.name(), label + ": no node makes it");
      if (!outputs.insert(output.name()).second)
        invalid(output.name(), label + ": is listed twice");
      if (main)
        checkInterface(output, "output", irVersion >= shapesRequiredSince);
    }
  }

private:
  void invalid(StringRef subject, const llvm::Twine &text) {
    issues.push_back({ImportStatus::InvalidInput, subject.str(), text.str()});
  }

  void invalidNode(const ::onnx::NodeProto &node, const llvm::Twine &text) {
    invalid(subjectOf(node), labelOf(node, opsets) + ": " + text);
  }

  void define(Scope &scope, const std::string &name, const char *what, StringRef subject) {
    if (name.empty())
      invalid(subject, llvm::Twine("expects each ") + what + " to have a name");
    else if (!scope.names.insert(name).second)
      invalid(subject, llvm::Twine(what) + " \"" + name + "\": the name is defined twice");
  }

  /// Checks the declared type of a graph input or output.
  void checkInterface(const ::onnx::ValueInfoProto &value, const char *what, bool shapeRequired) {
    std::string label = std::string(what) + " \"" + value.name() + "\": ";
    const ::onnx::TypeProto &type = value.type();
    if (type.value_case() == ::onnx::TypeProto::VALUE_NOT_SET) {
      if (shapeRequired)
        invalid(value.name(), label + "expects a type, but got none");
      return;
    }
    if (!type.has_tensor_type())
      return;
    int32_t element = type.tensor_type().elem_type();
    if (element == ::onnx::TensorProto::UNDEFINED || !::onnx::TensorProto::DataType_IsValid(element))
      invalid(value.name(), label + "expects an element type, but got " + dataTypeName(element));
    if (shapeRequired && !type.tensor_type().has_shape())
      invalid(value.name(), label + "expects a shape, but got none");
    llvm::SmallVector<int64_t> sizes;
    for (const auto &dim : type.tensor_type().shape().dim())
      sizes.push_back(dim.has_dim_value() ? dim.dim_value() : 1);
    if (!storageBytes(ElementType::F64, sizes))
      invalid(value.name(), label + "the size of its shape overflows");
  }

  void checkTensor(const ::onnx::TensorProto &tensor) {
    if (isExternal(tensor))
      return;
    try {
      ::onnx::checker::check_tensor(tensor, context);
    } catch (const std::exception &exception) {
      invalid(tensor.name(), "tensor \"" + tensor.name() + "\": " + messageOf(exception));
    }
  }

  void checkNode(const ::onnx::NodeProto &node, Scope &scope) {
    if (node.op_type().empty())
      invalidNode(node, "expects an operator type");
    for (const std::string &input : node.input())
      if (!input.empty() && !scope.has(input))
        invalidNode(node, "its input \"" + input + "\" is not defined");
    llvm::StringSet<> names;
    for (const ::onnx::AttributeProto &attribute : node.attribute()) {
      if (!names.insert(attribute.name()).second)
        invalidNode(node, "attribute '" + attribute.name() + "' is given twice");
      checkAttribute(node, attribute, scope);
    }
    for (const std::string &output : node.output())
      if (!output.empty() && !scope.names.insert(output).second)
        invalidNode(node, "its output \"" + output + "\" is defined twice");
    verifySchema(node);
  }

  void checkAttribute(const ::onnx::NodeProto &node, const ::onnx::AttributeProto &attribute,
                      const Scope &scope) {
    if (attribute.name().empty())
      invalidNode(node, "expects each attribute to have a name");
    if (!attribute.ref_attr_name().empty())
      invalidNode(node, "attribute '" + attribute.name() +
                            "' refers to a function's attribute outside of a function");
    if (attribute.has_g())
      check(attribute.g(), &scope);
    for (const ::onnx::GraphProto &graph : attribute.graphs())
      check(graph, &scope);
    if (attribute.has_g() || attribute.graphs_size() || hasExternal(attribute))
      return;
    try {
      ::onnx::checker::check_attribute(attribute, context, ::onnx::checker::LexicalScopeContext());
    } catch (const std::exception &exception) {
      invalidNode(node, "attribute '" + attribute.name() + "': " + messageOf(exception));
    }
  }

  void verifySchema(const ::onnx::NodeProto &node) {
    auto opset = opsets.find(node.domain());
    if (opset == opsets.end())
      return;
    const ::onnx::OpSchema *schema = ::onnx::OpSchemaRegistry::Instance()->GetSchema(
        node.op_type(), static_cast<int>(opset->second), node.domain());
    if (!schema || schema->Deprecated())
      return;
    try {
      schema->Verify(node);
    } catch (const std::exception &exception) {
      // "Node(name) with schema(::Abs:13) has ...": the label already says what comes first.
      std::string message = messageOf(exception);
      StringRef text = message;
      if (auto [start, rest] = text.split(") has "); start.starts_with("Node") && !rest.empty())
        text = text.take_back(rest.size() + 4);
      invalidNode(node, text);
    }
  }

  int64_t irVersion;
  const OpsetMap &opsets;
  ModelIssues &issues;
  ::onnx::checker::CheckerContext context;
};

} // namespace

void pleat::onnx::checkGraph(const ::onnx::GraphProto &graph, int64_t irVersion, const OpsetMap &opsets,
                             ModelIssues &issues) {
  GraphChecker(irVersion, opsets, issues).check(graph, nullptr);
}
