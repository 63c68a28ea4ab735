// Orders nodes by their data. The standard asks for sorted graphs; exporters' tools do not
// always write them.
#include "compiler/Import/ONNX/PreparedModel.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <queue>

using namespace pleat;
using namespace pleat::onnx;
using llvm::StringRef;

namespace {

template <typename Visit>
void forEachSubgraph(::onnx::NodeProto &node, Visit visit) {
  for (::onnx::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.has_g())
      visit(*attribute.mutable_g());
    for (::onnx::GraphProto &graph : *attribute.mutable_graphs())
      visit(graph);
  }
}

/// Adds the names that a graph takes from outside.
void addCaptures(::onnx::GraphProto &graph, llvm::StringSet<> &captures) {
  llvm::StringSet<> inner, used;
  for (const auto &input : graph.input())
    inner.insert(input.name());
  for (const auto &tensor : graph.initializer())
    inner.insert(tensor.name());
  for (const auto &tensor : graph.sparse_initializer())
    inner.insert(tensor.values().name());
  for (const auto &output : graph.output())
    used.insert(output.name());
  for (::onnx::NodeProto &node : *graph.mutable_node()) {
    for (const std::string &output : node.output())
      inner.insert(output);
    for (const std::string &input : node.input())
      used.insert(input);
    forEachSubgraph(node, [&](::onnx::GraphProto &subgraph) { addCaptures(subgraph, used); });
  }
  for (const auto &name : used)
    if (!inner.contains(name.first()))
      captures.insert(name.first());
}

} // namespace

void pleat::onnx::sortNodes(::onnx::GraphProto &graph, const OpsetMap &opsets, ModelIssues &issues) {
  int count = graph.node_size();
  llvm::StringMap<int> producers;
  for (int index = 0; index < count; ++index)
    for (const std::string &output : graph.node(index).output())
      if (!output.empty())
        producers.try_emplace(output, index);

  std::vector<std::vector<int>> users(count);
  std::vector<int> missing(count, 0);
  bool sorted = true;
  for (int index = 0; index < count; ++index) {
    ::onnx::NodeProto &node = *graph.mutable_node(index);
    llvm::StringSet<> inputs;
    for (const std::string &input : node.input())
      inputs.insert(input);
    forEachSubgraph(node, [&](::onnx::GraphProto &subgraph) {
      addCaptures(subgraph, inputs);
      sortNodes(subgraph, opsets, issues);
    });
    for (const auto &input : inputs) {
      auto producer = producers.find(input.first());
      if (producer == producers.end())
        continue;
      users[producer->second].push_back(index);
      ++missing[index];
      sorted &= producer->second < index;
    }
  }
  if (sorted)
    return;

  // Of the nodes that are ready, the earliest in the file goes first.
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int index = 0; index < count; ++index)
    if (!missing[index])
      ready.push(index);
  std::vector<int> order;
  while (!ready.empty()) {
    int index = ready.top();
    ready.pop();
    order.push_back(index);
    for (int user : users[index])
      if (--missing[user] == 0)
        ready.push(user);
  }
  if (static_cast<int>(order.size()) != count) {
    for (int index = 0; index < count; ++index)
      if (missing[index] > 0) {
        const ::onnx::NodeProto &node = graph.node(index);
        issues.push_back({ImportStatus::InvalidInput, subjectOf(node),
                          labelOf(node, opsets) + ": depends on its own output"});
        return;
      }
  }
  google::protobuf::RepeatedPtrField<::onnx::NodeProto> nodes;
  nodes.Reserve(count);
  for (int index : order)
    nodes.Add(std::move(*graph.mutable_node(index)));
  graph.mutable_node()->Swap(&nodes);
}
