/// An ONNX model between its file and the IR: parsed, checked, inlined, converted, typed.
///
/// Everything declared here may be included without the ONNX library's headers.
#pragma once

#include "compiler/Import/ImportStatus.h"
#include "compiler/Import/ONNX/StripModel.h"
#include "llvm/ADT/StringMap.h"
#include <exception>
#include <map>
#include <memory>

namespace onnx {
class GraphProto;
class ISchemaRegistry;
class ModelProto;
class NodeProto;
} // namespace onnx

namespace pleat::onnx {

/// Something to tell the user about a model. Status Done means a warning.
struct ModelIssue {
  ImportStatus status;
  /// The node, tensor or value it is about; empty for the whole file.
  std::string subject;
  std::string text;
};
using ModelIssues = std::vector<ModelIssue>;

/// Whether there is an issue beyond warnings.
bool hasErrors(const ModelIssues &issues);

/// Version of each domain; the standard domain is "".
using OpsetMap = std::map<std::string, int64_t>;

/// A model ready to become IR. Its graph's inputs are what the host must give: initializers
/// are not among them. Nodes stand in an order in which values come before their uses.
struct PreparedModel {
  PreparedModel();
  ~PreparedModel();
  PreparedModel(PreparedModel &&);

  std::unique_ptr<::onnx::ModelProto> proto;
  OpsetMap opsets;
  /// The opset the file was written in, when nodes have been converted; else 0.
  int64_t convertedFrom = 0;
  /// Module path of the node whose first output has that name, as the exporter recorded it.
  llvm::StringMap<std::string> scopes;
  /// What the exporter called a parameter before it had its present name.
  llvm::StringMap<std::string> originalNames;
  /// Sizes of graph inputs and outputs as the file declares them: a number, a name, or "".
  llvm::StringMap<std::vector<std::string>> declaredSizes;
};

/// Parses and prepares a stripped model. Reports what it finds; when errors are among that,
/// the result must not be used. Never throws.
PreparedModel prepareModel(const StrippedModel &stripped, ModelIssues &issues);

// The steps, each of which reports and may throw the ONNX library's exceptions.

/// Puts the nodes of a graph and its subgraphs in order of their data; reports cycles.
void sortNodes(::onnx::GraphProto &graph, const OpsetMap &opsets, ModelIssues &issues);

/// Checks names, definitions, types and each node against its operator's schema. Operators
/// without a schema pass.
void checkGraph(const ::onnx::GraphProto &graph, int64_t irVersion, const OpsetMap &opsets,
                ModelIssues &issues);

/// Replaces calls of local functions by their bodies; reports cycles and bodies that would
/// grow without measure.
void inlineFunctions(::onnx::ModelProto &model, ModelIssues &issues);

/// Brings nodes of old opsets to one that the rest of the compiler knows. Leaves the model
/// alone, with a warning, when the library cannot. Returns the former opset, or 0.
int64_t convertOpset(::onnx::ModelProto &model, OpsetMap &opsets, ModelIssues &issues);

/// Adds types of all values that can be found out. Reports contradictions at the node.
void inferTypes(::onnx::ModelProto &model, const OpsetMap &opsets, ModelIssues &issues);

/// The message label of a node.
std::string labelOf(const ::onnx::NodeProto &node, const OpsetMap &opsets);

/// A node's name, or that of its first output if it has none.
std::string subjectOf(const ::onnx::NodeProto &node);

/// What an exception of the ONNX library says: its first line, without places in its sources.
std::string messageOf(const std::exception &exception);

} // namespace pleat::onnx
