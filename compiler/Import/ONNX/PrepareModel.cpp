// The order of preparation, and what is collected before the ONNX library rewrites nodes.
#include "compiler/Import/ONNX/PreparedModel.h"

#include "compiler/Import/ONNX/NodeLabel.h"
#include "onnx/defs/schema.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::StringRef;

namespace {

/// Up to this version of the file format exporters could leave out shapes of outputs and
/// list initializers among the inputs.
constexpr int64_t preparedIrVersion = 8;

void report(ModelIssues &issues, ImportStatus status, const llvm::Twine &text) {
  issues.push_back({status, "", text.str()});
}

/// Spells the standard domain in one way, everywhere.
void normaliseDomain(std::string *domain) {
  if (*domain == "ai.onnx")
    domain->clear();
}

template <typename Nodes>
void normaliseNodes(Nodes &nodes) {
  for (::onnx::NodeProto &node : nodes) {
    normaliseDomain(node.mutable_domain());
    for (::onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        normaliseNodes(*attribute.mutable_g()->mutable_node());
      for (::onnx::GraphProto &graph : *attribute.mutable_graphs())
        normaliseNodes(*graph.mutable_node());
    }
  }
}

template <typename Nodes>
void collectDomains(const Nodes &nodes, std::map<std::string, std::string> &used) {
  for (const ::onnx::NodeProto &node : nodes) {
    used.try_emplace(node.domain(), subjectOf(node));
    for (const ::onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        collectDomains(attribute.g().node(), used);
      for (const ::onnx::GraphProto &graph : attribute.graphs())
        collectDomains(graph.node(), used);
    }
  }
}

/// Some exporters write -1 for a size they do not know.
void clearNegativeSizes(::onnx::GraphProto &graph) {
  for (auto *values : {graph.mutable_input(), graph.mutable_output(), graph.mutable_value_info()})
    for (::onnx::ValueInfoProto &value : *values) {
      if (!value.type().has_tensor_type() || !value.type().tensor_type().has_shape())
        continue;
      for (auto &dim : *value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim())
        if (dim.has_dim_value() && dim.dim_value() < 0)
          dim.clear_dim_value();
    }
}

/// Reads the versions of all domains. A contrib domain that is used and not imported counts
/// as version 1, the only one there is; the standard domain has to be imported.
OpsetMap readOpsets(::onnx::ModelProto &model, ModelIssues &issues) {
  OpsetMap opsets;
  for (::onnx::OperatorSetIdProto &import : *model.mutable_opset_import()) {
    normaliseDomain(import.mutable_domain());
    opsets[import.domain()] = import.version();
  }
  std::map<std::string, std::string> used;
  collectDomains(model.graph().node(), used);
  for (const auto &[domain, node] : used) {
    if (opsets.count(domain))
      continue;
    if (domain.empty())
      report(issues, ImportStatus::InvalidInput,
             "expects an opset import of the standard domain, but got none");
    ::onnx::OperatorSetIdProto *import = model.add_opset_import();
    import->set_domain(domain);
    import->set_version(1);
    opsets[domain] = 1;
  }
  const auto &known = ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  for (const auto &[domain, version] : opsets) {
    auto range = known.find(domain);
    std::string name = domain.empty() ? "the standard domain" : "domain '" + domain + "'";
    if (version < 1)
      report(issues, ImportStatus::InvalidInput,
             "opset " + std::to_string(version) + " of " + name + " does not exist");
    else if (range != known.end() && version > range->second.second)
      report(issues, ImportStatus::Unsupported,
             "unsupported opset " + std::to_string(version) + " of " + name + "; supported: up to " +
                 std::to_string(range->second.second));
  }
  return opsets;
}

/// The module path out of a list like "['', 'model', 'model.bert', 'linear_1']": the last
/// entry is the call itself, the one before it the module.
std::string moduleOf(StringRef scopes) {
  llvm::SmallVector<StringRef> parts;
  for (StringRef rest = scopes; !rest.empty();) {
    auto [before, after] = rest.split('\'');
    auto [part, more] = after.split('\'');
    if (!after.empty())
      parts.push_back(part);
    rest = more;
  }
  if (parts.size() < 2 || parts[parts.size() - 2].starts_with("_"))
    return "";
  return parts[parts.size() - 2].str();
}

template <typename Nodes>
void collectScopes(const Nodes &nodes, llvm::StringMap<std::string> &scopes) {
  for (const ::onnx::NodeProto &node : nodes) {
    for (const ::onnx::StringStringEntryProto &entry : node.metadata_props())
      if (entry.key() == "pkg.torch.onnx.name_scopes" && node.output_size())
        if (std::string module = moduleOf(entry.value()); !module.empty())
          scopes.try_emplace(node.output(0), module);
    for (const ::onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        collectScopes(attribute.g().node(), scopes);
  }
}

void collectMetadata(PreparedModel &prepared) {
  const ::onnx::GraphProto &graph = prepared.proto->graph();
  collectScopes(graph.node(), prepared.scopes);
  for (const auto *values : {&graph.value_info(), &graph.input()})
    for (const ::onnx::ValueInfoProto &value : *values)
      for (const ::onnx::StringStringEntryProto &entry : value.metadata_props())
        if (entry.key() == "pkg.torch.onnx.original_node_name" ||
            entry.key() == "pkg.onnxscript.optimizer.folded_from")
          prepared.originalNames.try_emplace(value.name(), entry.value());
  for (const auto *values : {&graph.input(), &graph.output()})
    for (const ::onnx::ValueInfoProto &value : *values) {
      std::vector<std::string> &sizes = prepared.declaredSizes[value.name()];
      sizes.clear();
      for (const auto &dim : value.type().tensor_type().shape().dim())
        sizes.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param());
    }
}

/// Takes initializers off the inputs: as constants they are worth more than as defaults that
/// no host overrides.
void removeConstantInputs(::onnx::ModelProto &model) {
  ::onnx::GraphProto &graph = *model.mutable_graph();
  llvm::StringSet<> constants;
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    constants.insert(tensor.name());
  for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    constants.insert(tensor.values().name());
  google::protobuf::RepeatedPtrField<::onnx::ValueInfoProto> kept;
  for (::onnx::ValueInfoProto &input : *graph.mutable_input())
    if (!constants.contains(input.name()))
      kept.Add(std::move(input));
  graph.mutable_input()->Swap(&kept);
  model.set_ir_version(std::max(model.ir_version(), preparedIrVersion));
}

void prepare(const StrippedModel &stripped, PreparedModel &prepared, ModelIssues &issues) {
  ::onnx::ModelProto &model = *prepared.proto;
  if (!model.ParseFromString(stripped.model))
    return report(issues, ImportStatus::InvalidInput,
                  "not a valid ONNX file: its fields do not have the types of a model");
  if (!model.has_ir_version() || !model.has_graph())
    return report(issues, ImportStatus::InvalidInput,
                  "not a valid ONNX file: it has no format version or no graph");
  int64_t irVersion = model.ir_version();
  normaliseNodes(*model.mutable_graph()->mutable_node());
  for (::onnx::FunctionProto &function : *model.mutable_functions()) {
    normaliseNodes(*function.mutable_node());
    for (::onnx::OperatorSetIdProto &import : *function.mutable_opset_import())
      normaliseDomain(import.mutable_domain());
  }
  inlineFunctions(model, issues);
  if (hasErrors(issues))
    return;
  prepared.opsets = readOpsets(model, issues);
  removeConstantInputs(model);
  clearNegativeSizes(*model.mutable_graph());
  if (hasErrors(issues))
    return;
  sortNodes(*model.mutable_graph(), prepared.opsets, issues);
  if (hasErrors(issues))
    return;
  checkGraph(model.graph(), irVersion, prepared.opsets, issues);
  if (hasErrors(issues))
    return;
  collectMetadata(prepared);
  prepared.convertedFrom = convertOpset(model, prepared.opsets, issues);
  inferTypes(model, prepared.opsets, issues);
}

} // namespace

PreparedModel::PreparedModel() : proto(std::make_unique<::onnx::ModelProto>()) {}
PreparedModel::~PreparedModel() = default;
PreparedModel::PreparedModel(PreparedModel &&) = default;

bool pleat::onnx::hasErrors(const ModelIssues &issues) {
  return llvm::any_of(issues, [](const ModelIssue &issue) { return issue.status != ImportStatus::Done; });
}

std::string pleat::onnx::subjectOf(const ::onnx::NodeProto &node) {
  if (!node.name().empty() || node.output().empty())
    return node.name();
  return node.output(0);
}

std::string pleat::onnx::labelOf(const ::onnx::NodeProto &node, const OpsetMap &opsets) {
  auto opset = opsets.find(node.domain());
  return nodeLabel(subjectOf(node), node.op_type(), node.domain(), opset == opsets.end() ? 0 : opset->second);
}

std::string pleat::onnx::messageOf(const std::exception &exception) {
  StringRef text = StringRef(exception.what()).split('\n').first;
  // "file:line: function: Assertion `condition` failed: message": only the message is for users.
  if (size_t end = text.find("` failed: "); end != StringRef::npos)
    text = text.drop_front(end + 10);
  return text.rtrim(". ").str();
}

PreparedModel pleat::onnx::prepareModel(const StrippedModel &stripped, ModelIssues &issues) {
  PreparedModel prepared;
  try {
    prepare(stripped, prepared, issues);
  } catch (const std::exception &exception) {
    report(issues, ImportStatus::InvalidInput, "the ONNX library rejects the model: " + messageOf(exception));
  }
  return prepared;
}
