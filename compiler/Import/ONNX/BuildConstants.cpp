// Decides for each tensor whether it is a literal or a weight, and where its bytes come
// from: the model's file, a file beside it, or the parsed message.
#include "compiler/Import/ONNX/BuildConstants.h"

#include "compiler/Import/ImportStatus.h"
#include "compiler/Import/ONNX/ConvertTypes.h"
#include "mlir/IR/Builders.h"
#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace pleat;
using namespace pleat::onnx;
using llvm::Error;
using llvm::Expected;

namespace {

/// One byte an element, for types that are packed in storage.
std::vector<char> unpack(ArrayRef<uint8_t> bytes, unsigned bits, uint64_t count) {
  std::vector<char> result(count);
  for (uint64_t index = 0; index < count; ++index) {
    uint64_t bit = index * bits;
    unsigned pair = bytes[bit / 8] | (bit / 8 + 1 < bytes.size() ? bytes[bit / 8 + 1] << 8 : 0);
    result[index] = static_cast<char>((pair >> (bit % 8)) & ((1u << bits) - 1));
  }
  return result;
}

/// The attribute of a tensor whose storage form is `bytes`; a splat where all elements are equal.
DenseElementsAttr makeLiteral(RankedTensorType type, ElementType element, ArrayRef<uint8_t> bytes) {
  uint64_t count = type.getNumElements();
  if (element == ElementType::I1) {
    SmallVector<bool> values;
    for (uint8_t byte : bytes)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(type, ArrayRef<bool>(values));
  }
  unsigned bits = storageBits(element);
  std::vector<char> unpacked;
  if (bits < 8)
    unpacked = unpack(bytes, bits, count);
  ArrayRef<char> raw = bits < 8 ? ArrayRef<char>(unpacked)
                                : ArrayRef<char>(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  size_t size = count ? raw.size() / count : 0;
  bool splat = count > 1;
  for (uint64_t index = 1; splat && index < count; ++index)
    splat = raw.slice(index * size, size) == raw.take_front(size);
  return DenseElementsAttr::getFromRawBuffer(type, splat ? raw.take_front(size) : raw);
}

ArrayRef<uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

} // namespace

Expected<DenseElementsAttr> ConstantBuilder::strings(const ::onnx::TensorProto &proto,
                                                     RankedTensorType type) {
  SmallVector<StringRef> values(proto.string_data().begin(), proto.string_data().end());
  if (static_cast<int64_t>(values.size()) != type.getNumElements())
    return invalidInput("expects " + Twine(type.getNumElements()) + " strings, but got " +
                        Twine(values.size()));
  return DenseElementsAttr(DenseStringElementsAttr::get(type, values));
}

Expected<std::string> ConstantBuilder::addWeight(const TensorPayload &payload, ElementType type,
                                                 StringRef name) {
  if (payload.external) {
    Expected<FileRange> range = externalFiles.find(payload);
    if (!range)
      return range.takeError();
    return store.addMapped(range->file, range->offset, type, payload.dims, name);
  }
  std::optional<ArrayRef<uint8_t>> bytes = payload.contiguous();
  ArrayRef<uint8_t> all = file->bytes();
  if (bytes && bytes->data() >= all.begin() && bytes->data() < all.end() && *payload.bytes() == bytes->size())
    return store.addMapped(file, bytes->data() - all.data(), type, payload.dims, name);
  return store.addStreamed(type, payload.dims, name,
                           [&](WeightStore::Sink sink) { return payload.decode(sink); });
}

Expected<ConstantBuilder::Tensor> ConstantBuilder::tensor(const ::onnx::TensorProto &proto, StringRef name) {
  if (proto.has_segment())
    return unsupported("unsupported tensor in segments");
  std::string message;
  TensorPayload scanned;
  const TensorPayload *payload = &scanned;
  unsigned index = 0;
  if (proto.data_location() == ::onnx::TensorProto::EXTERNAL && proto.external_data_size() == 1 &&
      !StringRef(proto.external_data(0).value()).getAsInteger(10, index) && index < payloads.size()) {
    payload = &payloads[index];
  } else {
    message = proto.SerializeAsString();
    Expected<TensorPayload> result = TensorPayload::scan(bytesOf(message));
    if (!result)
      return result.takeError();
    scanned = std::move(*result);
  }
  if (payload->segmented)
    return unsupported("unsupported tensor in segments");
  Type elementType = convertElementType(context, payload->dataType);
  std::optional<ElementType> stored = payload->elementType();
  if (!elementType)
    return unsupported("unsupported element type " + dataTypeName(payload->dataType));
  if (!elementCount(payload->dims))
    return invalidInput("the size of its shape overflows");
  Tensor result{RankedTensorType::get(payload->dims, elementType), {}, {}};
  if (!stored) {
    Expected<DenseElementsAttr> literal = strings(proto, result.type);
    if (!literal)
      return literal.takeError();
    result.literal = *literal;
    return result;
  }
  Expected<uint64_t> bytes = payload->bytes();
  if (!bytes)
    return bytes.takeError();
  if (*bytes > largestLiteral) {
    Expected<std::string> key = addWeight(*payload, *stored, name);
    if (!key)
      return key.takeError();
    result.key = *key;
    return result;
  }
  std::vector<uint8_t> data;
  if (payload->external) {
    Expected<FileRange> range = externalFiles.find(*payload);
    if (!range)
      return range.takeError();
    data = range->bytes().vec();
  } else if (Error error = payload->decode([&](ArrayRef<uint8_t> piece) {
               data.insert(data.end(), piece.begin(), piece.end());
               return Error::success();
             })) {
    return error;
  }
  result.literal = makeLiteral(result.type, *stored, data);
  return result;
}

Expected<Attribute> ConstantBuilder::tensorAttribute(const ::onnx::TensorProto &proto, StringRef name) {
  Expected<Tensor> converted = tensor(proto, name);
  if (!converted)
    return converted.takeError();
  if (converted->literal)
    return Attribute(converted->literal);
  return Attribute(StringAttr::get(context, converted->key));
}

Expected<Attribute> ConstantBuilder::sparse(const ::onnx::SparseTensorProto &proto, StringRef name) {
  Builder b(context);
  Expected<Attribute> values = tensorAttribute(proto.values(), name);
  if (!values)
    return values.takeError();
  Expected<Attribute> indices = tensorAttribute(proto.indices(), name);
  if (!indices)
    return indices.takeError();
  SmallVector<int64_t> dims(proto.dims().begin(), proto.dims().end());
  return Attribute(
      b.getDictionaryAttr({b.getNamedAttr("values", *values), b.getNamedAttr("indices", *indices),
                           b.getNamedAttr("dims", b.getDenseI64ArrayAttr(dims))}));
}

Expected<Attribute> ConstantBuilder::attribute(const ::onnx::AttributeProto &attribute, StringRef nodeName) {
  Builder b(context);
  auto list = [&](const auto &items, auto convert) -> Expected<Attribute> {
    SmallVector<Attribute> converted;
    for (const auto &item : items) {
      Expected<Attribute> value = convert(item);
      if (!value)
        return value.takeError();
      converted.push_back(*value);
    }
    return Attribute(b.getArrayAttr(converted));
  };
  auto toTensor = [&](const ::onnx::TensorProto &proto) { return tensorAttribute(proto, nodeName); };
  auto toSparse = [&](const ::onnx::SparseTensorProto &proto) { return sparse(proto, nodeName); };
  auto toType = [&](const ::onnx::TypeProto &type) -> Expected<Attribute> {
    return Attribute(TypeAttr::get(convertType(context, &type)));
  };
  auto toString = [&](const std::string &text) -> Expected<Attribute> {
    return Attribute(b.getStringAttr(text));
  };
  switch (attribute.type()) {
  case ::onnx::AttributeProto::FLOAT:
    return Attribute(b.getF32FloatAttr(attribute.f()));
  case ::onnx::AttributeProto::INT:
    return Attribute(b.getI64IntegerAttr(attribute.i()));
  case ::onnx::AttributeProto::STRING:
    return toString(attribute.s());
  case ::onnx::AttributeProto::TENSOR:
    return toTensor(attribute.t());
  case ::onnx::AttributeProto::SPARSE_TENSOR:
    return toSparse(attribute.sparse_tensor());
  case ::onnx::AttributeProto::TYPE_PROTO:
    return toType(attribute.tp());
  case ::onnx::AttributeProto::FLOATS:
    return Attribute(b.getDenseF32ArrayAttr({attribute.floats().data(), size_t(attribute.floats_size())}));
  case ::onnx::AttributeProto::INTS:
    return Attribute(
        b.getDenseI64ArrayAttr(SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end())));
  case ::onnx::AttributeProto::STRINGS:
    return list(attribute.strings(), toString);
  case ::onnx::AttributeProto::TENSORS:
    return list(attribute.tensors(), toTensor);
  case ::onnx::AttributeProto::SPARSE_TENSORS:
    return list(attribute.sparse_tensors(), toSparse);
  case ::onnx::AttributeProto::TYPE_PROTOS:
    return list(attribute.type_protos(), toType);
  default:
    return invalidInput("has no known type");
  }
}
