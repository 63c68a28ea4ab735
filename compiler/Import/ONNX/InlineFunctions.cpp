// Inlines local functions with the ONNX library, after a look at how much that would be: a
// few kilobytes of functions that call each other twice can stand for billions of nodes.
#include "compiler/Import/ONNX/PreparedModel.h"

#include "onnx/checker.h"
#include "onnx/inliner/inliner.h"
#include "onnx/onnx_pb.h"
#include "llvm/Support/MathExtras.h"

using namespace pleat;
using namespace pleat::onnx;

namespace {

constexpr uint64_t mostNodes = 1 << 20;

std::string identify(const std::string &domain, const std::string &name, const std::string &overload) {
  return domain + ':' + name + ':' + overload;
}

/// Counts the nodes of a list after inlining. Calls do not nest in cycles.
class Counter {
public:
  explicit Counter(const ::onnx::ModelProto &model) {
    for (const ::onnx::FunctionProto &function : model.functions())
      functions[identify(function.domain(), function.name(), function.overload())] = &function;
  }

  template <typename Nodes>
  uint64_t count(const Nodes &nodes) {
    uint64_t total = 0;
    for (const ::onnx::NodeProto &node : nodes) {
      total = llvm::SaturatingAdd<uint64_t>(total, 1);
      std::string callee = identify(node.domain(), node.op_type(), node.overload());
      if (auto function = functions.find(callee); function != functions.end()) {
        auto known = sizes.find(callee);
        uint64_t size = known != sizes.end() ? known->second : count(function->second->node());
        sizes[callee] = size;
        total = llvm::SaturatingAdd(total, size);
      }
      for (const ::onnx::AttributeProto &attribute : node.attribute()) {
        if (attribute.has_g())
          total = llvm::SaturatingAdd(total, count(attribute.g().node()));
        for (const ::onnx::GraphProto &graph : attribute.graphs())
          total = llvm::SaturatingAdd(total, count(graph.node()));
      }
    }
    return total;
  }

private:
  std::map<std::string, const ::onnx::FunctionProto *> functions;
  std::map<std::string, uint64_t> sizes;
};

} // namespace

void pleat::onnx::inlineFunctions(::onnx::ModelProto &model, ModelIssues &issues) {
  if (model.functions().empty())
    return;
  auto report = [&](ImportStatus status, std::string text) {
    issues.push_back({status, "", std::move(text)});
  };
  try {
    ::onnx::checker::check_function_call_cycles(model);
  } catch (const std::exception &exception) {
    return report(ImportStatus::InvalidInput, messageOf(exception));
  }
  if (uint64_t nodes = Counter(model).count(model.graph().node()); nodes > mostNodes)
    return report(ImportStatus::Unsupported,
                  "local functions stand for more than " + std::to_string(mostNodes) + " nodes");
  ::onnx::ModelProto original = model;
  try {
    ::onnx::inliner::InlineLocalFunctions(model, /*convert_version=*/true);
  } catch (const std::exception &) {
    // Without conversion, functions written for another opset stay calls, which the
    // check of operators reports by name.
    model = original;
    ::onnx::inliner::InlineLocalFunctions(model, /*convert_version=*/false);
  }
}
