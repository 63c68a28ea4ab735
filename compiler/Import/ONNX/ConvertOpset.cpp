// Converts nodes of opsets before 13. That version changed what Softmax means and made
// inputs of attributes; later ones mostly add types, and conversions have to read both forms.
#include "compiler/Import/ONNX/PreparedModel.h"

#include "onnx/onnx_pb.h"
#include "onnx/version_converter/convert.h"
#include "llvm/ADT/STLExtras.h"

using namespace pleat;
using namespace pleat::onnx;

namespace {

constexpr int64_t targetOpset = 13;

/// Whether conversion has kept the model's interface and made nothing that does not check.
bool isFaithful(const ::onnx::ModelProto &before, const ::onnx::ModelProto &after, const OpsetMap &opsets) {
  auto sameNames = [](const auto &a, const auto &b) {
    return llvm::equal(a, b, [](const auto &x, const auto &y) { return x.name() == y.name(); });
  };
  if (!sameNames(before.graph().input(), after.graph().input()) ||
      !sameNames(before.graph().output(), after.graph().output()))
    return false;
  ModelIssues issues;
  checkGraph(after.graph(), before.ir_version(), opsets, issues);
  return !hasErrors(issues);
}

} // namespace

int64_t pleat::onnx::convertOpset(::onnx::ModelProto &model, OpsetMap &opsets, ModelIssues &issues) {
  auto standard = opsets.find("");
  if (standard == opsets.end() || standard->second >= targetOpset)
    return 0;
  int64_t before = standard->second;
  std::string reason = "the result would not be equivalent";
  try {
    // With ranks known, fewer operators have to be taken apart.
    ::onnx::ModelProto typed = model;
    ModelIssues typeIssues;
    inferTypes(typed, opsets, typeIssues);
    ::onnx::ModelProto converted = ::onnx::version_conversion::ConvertVersion(typed, targetOpset);
    OpsetMap convertedOpsets = opsets;
    convertedOpsets[""] = targetOpset;
    ModelIssues sortIssues;
    sortNodes(*converted.mutable_graph(), convertedOpsets, sortIssues);
    if (!hasErrors(sortIssues) && isFaithful(model, converted, convertedOpsets)) {
      model = std::move(converted);
      opsets = std::move(convertedOpsets);
      return before;
    }
  } catch (const std::exception &exception) {
    reason = messageOf(exception);
  }
  issues.push_back({ImportStatus::Done, "",
                    "nodes stay at opset " + std::to_string(before) + "; conversion to opset " +
                        std::to_string(targetOpset) + " failed: " + reason});
  return 0;
}
