// Types of values, by the ONNX library. Its strict mode finds real contradictions; what
// files declare for values in between may be wrong, and then yields to what follows.
#include "compiler/Import/ONNX/PreparedModel.h"

#include "compiler/Import/ONNX/InferenceSchemas.h"
#include "compiler/Import/ONNX/NodeLabel.h"
#include "onnx/onnx_pb.h"
#include "onnx/shape_inference/implementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::StringRef;

namespace {

constexpr StringRef errorList = "Inference error(s): ";

/// Runs inference; the text of the exception, or "" if it succeeds.
std::string run(::onnx::ModelProto &model, const ::onnx::ISchemaRegistry &registry, bool strict) {
  try {
    ::onnx::shape_inference::InferShapes(model, &registry,
                                         ::onnx::ShapeInferenceOptions(false, strict, true));
    return "";
  } catch (const std::exception &exception) {
    return exception.what();
  }
}

/// Whether inference failed because a type that the file declares contradicts what it found,
/// rather than because of a node: what the file declares between nodes has no effect when the
/// model runs, and some of it is wrong.
bool blamesDeclaredTypes(StringRef error) {
  return !error.empty() && (!error.contains(errorList) || error.contains("existing shape"));
}

/// Reports the errors in a list "(op_type:MatMul, node name: fc): [ShapeInferenceError] text",
/// one a line. Lists within lists come from operators' function bodies, where they are as
/// often the library's fault as the model's, so those report nothing.
void reportErrors(StringRef text, const OpsetMap &opsets, ModelIssues &issues) {
  text = text.substr(text.find(errorList) + errorList.size());
  if (text.contains(errorList))
    return;
  llvm::SmallVector<StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    if (!line.consume_front("(op_type:"))
      continue;
    auto [head, message] = line.split("): ");
    auto [type, name] = head.split(", node name: ");
    message = message.split("] ").second;
    // The producer of that input has been reported, or is an operator without a schema.
    if (message.empty() || message.contains("expected to have type but instead is null"))
      continue;
    auto opset = opsets.find("");
    issues.push_back(
        {ImportStatus::InvalidInput, name.str(),
         nodeLabel(name, type, "", opset == opsets.end() ? 0 : opset->second) + ": " + message.str()});
  }
}

/// Removes declared types that inference finds anew.
void dropDeclaredTypes(::onnx::GraphProto &graph, const OpsetMap &opsets,
                       const ::onnx::ISchemaRegistry &registry) {
  llvm::StringSet<> unknown;
  for (const ::onnx::NodeProto &node : graph.node()) {
    auto opset = opsets.find(node.domain());
    int version = opset == opsets.end() ? 1 : static_cast<int>(opset->second);
    if (!registry.GetSchema(node.op_type(), version, node.domain()))
      unknown.insert(node.output().begin(), node.output().end());
  }
  google::protobuf::RepeatedPtrField<::onnx::ValueInfoProto> kept;
  for (::onnx::ValueInfoProto &value : *graph.mutable_value_info())
    if (unknown.contains(value.name()))
      kept.Add(std::move(value));
  graph.mutable_value_info()->Swap(&kept);
}

} // namespace

void pleat::onnx::inferTypes(::onnx::ModelProto &model, const OpsetMap &opsets, ModelIssues &issues) {
  InferenceSchemas registry;
  ::onnx::ModelProto original = model;
  std::string error = run(model, registry, /*strict=*/true);
  if (blamesDeclaredTypes(error)) {
    dropDeclaredTypes(*original.mutable_graph(), opsets, registry);
    model = original;
    error = run(model, registry, /*strict=*/true);
  }
  if (blamesDeclaredTypes(error)) {
    // The declared types of outputs are the last that can contradict.
    for (::onnx::ValueInfoProto &output : *original.mutable_graph()->mutable_output())
      if (output.type().has_tensor_type())
        output.mutable_type()->mutable_tensor_type()->clear_shape();
    model = original;
    error = run(model, registry, /*strict=*/true);
  }
  if (error.empty())
    return;
  if (StringRef(error).contains(errorList))
    reportErrors(error, opsets, issues);
  if (hasErrors(issues))
    return;
  model = original;
  error = run(model, registry, /*strict=*/false);
  if (error.empty())
    return;
  issues.push_back(
      {ImportStatus::Done, "", "types are incomplete: " + StringRef(error).split('\n').first.str()});
  model = original;
}
