// Collects and prints what cannot be compiled; which nodes those are is the caller's to say.
#include "compiler/Import/CheckReport.h"

#include "compiler/Import/ONNX/NodeLabel.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace pleat;

namespace {

std::string nameOf(onnx::NodeOp node) {
  if (auto location = node.getLoc()->findInstanceOf<NameLoc>())
    return location.getName().str();
  return "";
}

std::string operatorOf(const NodeIssue &issue) {
  return issue.domain.empty() ? issue.type : issue.domain + "." + issue.type;
}

} // namespace

CheckReport pleat::checkModel(ModuleOp module,
                              llvm::function_ref<std::optional<Obstacle>(onnx::NodeOp)> whyUnsupported) {
  CheckReport report;
  if (auto from = module->getAttrOfType<IntegerAttr>(onnx::ONNXDialect::getConvertedFromAttrName()))
    report.convertedFrom = from.getInt();
  module.walk<WalkOrder::PreOrder>([&](onnx::NodeOp node) {
    ++report.nodes;
    std::optional<Obstacle> why = whyUnsupported(node);
    if (!why)
      return;
    auto scope = node->getAttrOfType<StringAttr>(onnx::ONNXDialect::getScopeAttrName());
    report.issues.push_back({nameOf(node), node.getOpType().str(), node.getDomain().str(),
                             static_cast<int64_t>(node.getOpset()), scope ? scope.str() : "",
                             std::move(*why)});
  });
  return report;
}

void CheckReport::print(raw_ostream &stream) const {
  if (convertedFrom)
    stream << "nodes were converted from opset " << convertedFrom << "\n";
  llvm::MapVector<std::string, int64_t, llvm::StringMap<unsigned>> counts;
  for (const NodeIssue &issue : issues) {
    stream << onnx::nodeLabel(issue.node, issue.type, issue.domain, issue.opset) << ": " << issue.why.reason;
    if (!issue.why.remedy.empty())
      stream << "; " << issue.why.remedy;
    stream << "\n";
    ++counts[operatorOf(issue)];
  }
  if (isClean()) {
    stream << "all " << nodes << " nodes can be compiled\n";
    return;
  }
  stream << issues.size() << " of " << nodes << " nodes cannot be compiled:";
  for (auto [index, entry] : llvm::enumerate(counts))
    stream << (index ? ", " : " ") << entry.second << " " << entry.first;
  stream << "\n";
}

llvm::json::Object CheckReport::toJSON() const {
  llvm::json::Array list;
  for (const NodeIssue &issue : issues)
    list.push_back(llvm::json::Object{{"node", issue.node},
                                      {"type", issue.type},
                                      {"domain", issue.domain},
                                      {"opset", issue.opset},
                                      {"scope", issue.scope},
                                      {"reason", issue.why.reason},
                                      {"remedy", issue.why.remedy}});
  return llvm::json::Object{
      {"nodes", nodes},
      {"converted_from", convertedFrom ? llvm::json::Value(convertedFrom) : llvm::json::Value(nullptr)},
      {"unsupported", std::move(list)}};
}
