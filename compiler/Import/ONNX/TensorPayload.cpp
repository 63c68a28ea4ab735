// Locates and decodes tensor data. Numbers follow TensorProto in onnx.proto: which field
// holds which type, and how narrow types are packed.
#include "compiler/Import/ONNX/TensorPayload.h"

#include "compiler/Import/ImportStatus.h"
#include "llvm/Support/Endian.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
namespace endian = llvm::support::endian;

namespace {

struct DataType {
  const char *name;
  std::optional<ElementType> type;
  /// The typed data field.
  uint32_t field;
};

/// Indexed by TensorProto.DataType.
const DataType dataTypes[] = {
    {"undefined", std::nullopt, 0},
    {"float", ElementType::F32, floatField},
    {"uint8", ElementType::UI8, int32Field},
    {"int8", ElementType::I8, int32Field},
    {"uint16", ElementType::UI16, int32Field},
    {"int16", ElementType::I16, int32Field},
    {"int32", ElementType::I32, int32Field},
    {"int64", ElementType::I64, int64Field},
    {"string", std::nullopt, 0},
    {"bool", ElementType::I1, int32Field},
    {"float16", ElementType::F16, int32Field},
    {"double", ElementType::F64, doubleField},
    {"uint32", ElementType::UI32, uint64Field},
    {"uint64", ElementType::UI64, uint64Field},
    {"complex64", ElementType::Complex64, floatField},
    {"complex128", ElementType::Complex128, doubleField},
    {"bfloat16", ElementType::BF16, int32Field},
    {"float8e4m3fn", ElementType::F8E4M3FN, int32Field},
    {"float8e4m3fnuz", ElementType::F8E4M3FNUZ, int32Field},
    {"float8e5m2", ElementType::F8E5M2, int32Field},
    {"float8e5m2fnuz", ElementType::F8E5M2FNUZ, int32Field},
    {"uint4", ElementType::UI4, int32Field},
    {"int4", ElementType::I4, int32Field},
    {"float4e2m1", ElementType::F4E2M1FN, int32Field},
    {"float8e8m0", ElementType::F8E8M0FNU, int32Field},
    {"uint2", ElementType::UI2, int32Field},
    {"int2", ElementType::I2, int32Field},
    {"float6e2m3", ElementType::F6E2M3FN, int32Field},
    {"float6e3m2", ElementType::F6E3M2FN, int32Field},
};

bool isKnown(int32_t dataType) {
  return dataType >= 0 && static_cast<size_t>(dataType) < std::size(dataTypes);
}

bool isDataField(uint32_t field) {
  return field == floatField || field == int32Field || field == int64Field || field == rawField ||
         field == doubleField || field == uint64Field;
}

/// Collects storage bytes and passes them on in blocks.
class BlockWriter {
public:
  BlockWriter(WeightStore::Sink sink, unsigned bits) : sink(sink), bits(bits) {
    block.reserve(blockBytes + 8);
  }

  /// Appends the low bits of one stored number: an element, or a byte of packed elements.
  Error append(uint64_t value) {
    if (bits == 6) {
      pending |= (value & 0x3f) << pendingBits;
      for (pendingBits += 6; pendingBits >= 8; pendingBits -= 8, pending >>= 8)
        block.push_back(static_cast<uint8_t>(pending));
    } else {
      for (unsigned shift = 0; shift < std::max(bits, 8u); shift += 8)
        block.push_back(static_cast<uint8_t>(value >> shift));
    }
    return block.size() >= blockBytes ? flush() : Error::success();
  }

  Error finish() {
    if (pendingBits)
      block.push_back(static_cast<uint8_t>(pending));
    return flush();
  }

private:
  static constexpr size_t blockBytes = 1 << 20;

  Error flush() {
    Error error = sink(block);
    block.clear();
    return error;
  }

  WeightStore::Sink sink;
  unsigned bits;
  std::vector<uint8_t> block;
  uint64_t pending = 0;
  unsigned pendingBits = 0;
};

/// Calls `visit` with each number of a typed data field, packed or not.
Error forEachNumber(const WireField &piece, uint32_t field, llvm::function_ref<Error(uint64_t)> visit) {
  unsigned width = field == floatField ? 4 : field == doubleField ? 8 : 0;
  if (piece.type != WireType::Bytes)
    return visit(piece.value);
  ArrayRef<uint8_t> rest = piece.bytes;
  while (!rest.empty()) {
    uint64_t value = 0;
    if (width) {
      if (rest.size() < width)
        return invalidInput("truncated data");
      value = width == 4 ? endian::read32le(rest.data()) : endian::read64le(rest.data());
      rest = rest.drop_front(width);
    } else if (!WireReader::readVarint(rest, value)) {
      return invalidInput("truncated data");
    }
    if (Error error = visit(value))
      return error;
  }
  return Error::success();
}

/// Reads one key and value of external_data.
Error scanExternal(ArrayRef<uint8_t> entry, TensorPayload &payload) {
  WireReader reader(entry);
  WireField field;
  std::string key, value;
  while (true) {
    Expected<bool> more = reader.next(field);
    if (!more)
      return more.takeError();
    if (!*more)
      break;
    if (field.number == 1)
      key = field.text().str();
    else if (field.number == 2)
      value = field.text().str();
  }
  if (key == "location")
    payload.location = value;
  else if (key == "offset")
    payload.offset = value;
  else if (key == "length")
    payload.length = value;
  return Error::success();
}

Error scanDims(const WireField &field, TensorPayload &payload) {
  ArrayRef<uint8_t> rest = field.bytes;
  if (field.type == WireType::Varint)
    payload.dims.push_back(field.value);
  for (uint64_t value; !rest.empty(); payload.dims.push_back(value))
    if (!WireReader::readVarint(rest, value))
      return invalidInput("not a valid ONNX file: truncated dimensions");
  return Error::success();
}

} // namespace

std::optional<ElementType> pleat::onnx::elementTypeOf(int32_t dataType) {
  return isKnown(dataType) ? dataTypes[dataType].type : std::nullopt;
}

std::string pleat::onnx::dataTypeName(int32_t dataType) {
  return isKnown(dataType) ? dataTypes[dataType].name : "type " + std::to_string(dataType);
}

Expected<TensorPayload> TensorPayload::scan(ArrayRef<uint8_t> tensorProto) {
  TensorPayload payload;
  WireReader reader(tensorProto);
  WireField field;
  while (true) {
    Expected<bool> more = reader.next(field);
    if (!more)
      return more.takeError();
    if (!*more)
      return payload;
    if (field.number == dimsField) {
      if (Error error = scanDims(field, payload))
        return error;
    } else if (field.number == dataTypeField) {
      payload.dataType = static_cast<int32_t>(field.value);
    } else if (field.number == nameField) {
      payload.name = field.text().str();
    } else if (field.number == segmentField) {
      payload.segmented = true;
    } else if (field.number == externalField) {
      if (Error error = scanExternal(field.bytes, payload))
        return error;
    } else if (field.number == locationField) {
      payload.external = field.value == 1;
    } else if (isDataField(field.number)) {
      payload.pieces.push_back(field);
      payload.wireBytes += field.whole.size();
    }
  }
}

std::optional<ElementType> TensorPayload::elementType() const { return elementTypeOf(dataType); }

Expected<uint64_t> TensorPayload::bytes() const {
  std::optional<ElementType> type = elementType();
  if (!type)
    return unsupported("unsupported element type " + dataTypeName(dataType));
  if (std::optional<uint64_t> bytes = storageBytes(*type, dims))
    return *bytes;
  return invalidInput("the size of its shape overflows");
}

std::optional<ArrayRef<uint8_t>> TensorPayload::contiguous() const {
  if (pieces.size() != 1 || pieces.front().type != WireType::Bytes)
    return std::nullopt;
  uint32_t field = pieces.front().number;
  if (field != rawField && field != floatField && field != doubleField)
    return std::nullopt;
  // A field of another type is an error, which decode reports.
  if (field != rawField && (!isKnown(dataType) || field != dataTypes[dataType].field))
    return std::nullopt;
  return pieces.front().bytes;
}

Error TensorPayload::decode(WeightStore::Sink sink) const {
  Expected<uint64_t> needed = bytes();
  if (!needed)
    return needed.takeError();
  uint32_t field = pieces.empty() ? rawField : pieces.front().number;
  const DataType &type = dataTypes[dataType];
  for (const WireField &piece : pieces)
    if (piece.number != field || (field == rawField && piece.type != WireType::Bytes))
      return invalidInput("has data in more than one field");
  if (field == rawField) {
    // A repeated raw_data overrides the earlier one, as in protobuf.
    ArrayRef<uint8_t> raw = pieces.empty() ? ArrayRef<uint8_t>() : pieces.back().bytes;
    if (raw.size() != *needed)
      return invalidInput("expects " + llvm::Twine(*needed) + " bytes of data, but got " +
                          llvm::Twine(raw.size()));
    return sink(raw);
  }
  if (field != type.field)
    return invalidInput(llvm::Twine("has its data in a field that does not hold ") + type.name);
  // A complex element is two numbers; types of 2 and 4 bits come as one packed byte a number.
  bool complex = type.type == ElementType::Complex64 || type.type == ElementType::Complex128;
  unsigned bits = storageBits(*type.type) / (complex ? 2 : 1);
  uint64_t expected = bits == 6 ? *elementCount(dims) : *needed / std::max(1u, bits / 8);
  uint64_t count = 0;
  BlockWriter writer(sink, bits);
  for (const WireField &piece : pieces) {
    if (Error error = forEachNumber(piece, field, [&](uint64_t value) -> Error {
          if (++count > expected)
            return invalidInput("expects " + llvm::Twine(expected) + " numbers of data, but got more");
          return writer.append(type.type == ElementType::I1 ? value != 0 : value);
        }))
      return error;
  }
  if (count != expected)
    return invalidInput("expects " + llvm::Twine(expected) + " numbers of data, but got " +
                        llvm::Twine(count));
  return writer.finish();
}
