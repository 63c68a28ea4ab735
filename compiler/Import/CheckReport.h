/// What would stop or degrade a compile of an imported model, in one report.
///
///     CheckReport report = checkModel(*module, [](onnx::NodeOp node) { return whyNot(node); });
///     report.print(llvm::outs());
#pragma once

#include "dialects/ONNX/IR/ONNXDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace pleat {

/// Why a node cannot be compiled, and what the user can do; both are phrases in lower case
/// without a full stop. The remedy may be empty.
struct Obstacle {
  std::string reason, remedy;
};

/// One node of the report.
struct NodeIssue {
  /// The node's name, or that of its first output.
  std::string node;
  /// The operator; the standard domain is "".
  std::string type, domain;
  int64_t opset;
  /// Module path of the node where the exporter recorded it, else "".
  std::string scope;
  Obstacle why;
};

struct CheckReport {
  /// Nodes looked at, those of subgraphs included, constants not.
  int64_t nodes = 0;
  /// The opset of the file if nodes were converted from it, else 0.
  int64_t convertedFrom = 0;
  /// In the order of the graph.
  std::vector<NodeIssue> issues;

  bool isClean() const { return issues.empty(); }

  /// One line for each issue, as a diagnostic would say it, then a count for each operator.
  void print(llvm::raw_ostream &stream) const;

  /// The same as {"nodes", "converted_from", "unsupported": [{"node", "type", "domain",
  /// "opset", "scope", "reason", "remedy"}]}; "converted_from" is null where it does not apply.
  llvm::json::Object toJSON() const;
};

/// Asks `whyUnsupported` about each node of `module`, which answers nullopt for one that can
/// be compiled. A node whose region holds such a node is asked about like any other.
CheckReport checkModel(mlir::ModuleOp module,
                       llvm::function_ref<std::optional<Obstacle>(onnx::NodeOp)> whyUnsupported);

} // namespace pleat
