// Walks the messages that can hold tensors and copies everything but their data. Field
// numbers follow onnx.proto.
#include "compiler/Import/ONNX/StripModel.h"

#include "compiler/Import/ImportStatus.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;

namespace {

/// Graphs within graphs. Protobuf's own parser gives up at 100 nested messages, of which a
/// graph takes three.
constexpr unsigned deepestGraph = 30;

enum class Message { Model, Graph, Node, Attribute, Function, SparseTensor, Tensor };

/// What a field of a message needs.
enum class Action { Copy, Drop, Enter };

struct Rule {
  Action action = Action::Copy;
  Message inner = Message::Model;
};

Rule enter(Message inner) { return {Action::Enter, inner}; }

Rule ruleFor(Message message, uint32_t field) {
  const Rule drop{Action::Drop};
  switch (message) {
  case Message::Model:
    // 6 documentation, 7 graph, 20 training, 25 functions
    return field == 7                  ? enter(Message::Graph)
           : field == 25               ? enter(Message::Function)
           : field == 6 || field == 20 ? drop
                                       : Rule();
  case Message::Graph:
    // 1 nodes, 5 initializers, 10 documentation, 15 sparse initializers
    return field == 1    ? enter(Message::Node)
           : field == 5  ? enter(Message::Tensor)
           : field == 15 ? enter(Message::SparseTensor)
           : field == 10 ? drop
                         : Rule();
  case Message::Node:
    return field == 5 ? enter(Message::Attribute) : field == 6 ? drop : Rule();
  case Message::Attribute:
    // 5, 10 tensors, 6, 11 graphs, 13 documentation, 22, 23 sparse tensors
    return field == 5 || field == 10    ? enter(Message::Tensor)
           : field == 6 || field == 11  ? enter(Message::Graph)
           : field == 22 || field == 23 ? enter(Message::SparseTensor)
           : field == 13                ? drop
                                        : Rule();
  case Message::Function:
    return field == 7    ? enter(Message::Node)
           : field == 11 ? enter(Message::Attribute)
           : field == 8  ? drop
                         : Rule();
  case Message::SparseTensor:
    return field == 1 || field == 2 ? enter(Message::Tensor) : Rule();
  case Message::Tensor:
    break;
  }
  return {};
}

class Stripper {
public:
  explicit Stripper(std::vector<TensorPayload> &payloads) : payloads(payloads) {}

  /// Appends the stripped form of `message` to `out`.
  Error strip(Message kind, ArrayRef<uint8_t> message, unsigned depth, std::string &out) {
    if (kind == Message::Tensor)
      return stripTensor(message, out);
    if (kind == Message::Graph && ++depth > deepestGraph)
      return invalidInput("graphs nest more than " + llvm::Twine(deepestGraph) + " deep");
    WireReader reader(message);
    WireField field;
    while (true) {
      Expected<bool> more = reader.next(field);
      if (!more)
        return more.takeError();
      if (!*more)
        return Error::success();
      Rule rule = ruleFor(kind, field.number);
      if (rule.action == Action::Enter && field.type == WireType::Bytes) {
        std::string inner;
        if (Error error = strip(rule.inner, field.bytes, depth, inner))
          return error;
        appendBytes(out, field.number, inner);
      } else if (rule.action != Action::Drop) {
        out.append(reinterpret_cast<const char *>(field.whole.data()), field.whole.size());
      }
    }
  }

private:
  Error stripTensor(ArrayRef<uint8_t> message, std::string &out) {
    Expected<TensorPayload> payload = TensorPayload::scan(message);
    if (!payload)
      return payload.takeError();
    if (!payload->external && payload->wireBytes <= largestLiteral) {
      out.append(reinterpret_cast<const char *>(message.data()), message.size());
      return Error::success();
    }
    for (int64_t dim : payload->dims)
      appendVarint(out, dimsField, dim);
    appendVarint(out, dataTypeField, static_cast<uint64_t>(static_cast<int64_t>(payload->dataType)));
    appendBytes(out, nameField, payload->name);
    std::string entry; // key and value
    appendBytes(entry, 1, "location");
    appendBytes(entry, 2, std::to_string(payloads.size()));
    appendBytes(out, externalField, entry);
    appendVarint(out, locationField, 1 /* external */);
    payloads.push_back(std::move(*payload));
    return Error::success();
  }

  std::vector<TensorPayload> &payloads;
};

} // namespace

Expected<StrippedModel> pleat::onnx::stripModel(ArrayRef<uint8_t> file) {
  StrippedModel stripped;
  if (file.empty())
    return invalidInput("not a valid ONNX file: it is empty");
  if (Error error = Stripper(stripped.payloads).strip(Message::Model, file, 0, stripped.model))
    return error;
  return stripped;
}
