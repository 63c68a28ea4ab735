// The wire format: tags, varints, lengths. Every length is checked against what is left.
#include "compiler/Import/ONNX/WireReader.h"

#include "compiler/Import/ImportStatus.h"
#include "llvm/Support/Endian.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::ArrayRef;
using llvm::Expected;
namespace endian = llvm::support::endian;

bool WireReader::readVarint(ArrayRef<uint8_t> &bytes, uint64_t &value) {
  value = 0;
  for (unsigned index = 0; index < 10 && index < bytes.size(); ++index) {
    value |= uint64_t(bytes[index] & 0x7f) << (7 * index);
    if (!(bytes[index] & 0x80)) {
      bytes = bytes.drop_front(index + 1);
      return true;
    }
  }
  return false;
}

Expected<bool> WireReader::next(WireField &field) {
  if (rest.empty())
    return false;
  ArrayRef<uint8_t> start = rest;
  auto malformed = [&](const char *what) {
    return invalidInput(llvm::Twine("not a valid ONNX file: ") + what + " in a message of " +
                        llvm::Twine(message.size()) + " bytes, at byte " +
                        llvm::Twine(start.data() - message.data()));
  };
  uint64_t tag;
  if (!readVarint(rest, tag))
    return malformed("truncated tag");
  if (tag >> 3 == 0 || tag >> 3 >= (uint64_t(1) << 29))
    return malformed("field number out of range");
  field = {static_cast<uint32_t>(tag >> 3), static_cast<WireType>(tag & 7), 0, {}, {}};
  switch (field.type) {
  case WireType::Varint:
    if (!readVarint(rest, field.value))
      return malformed("truncated number");
    break;
  case WireType::Fixed64:
  case WireType::Fixed32: {
    size_t size = field.type == WireType::Fixed64 ? 8 : 4;
    if (rest.size() < size)
      return malformed("truncated number");
    field.value = size == 8 ? endian::read64le(rest.data()) : endian::read32le(rest.data());
    rest = rest.drop_front(size);
    break;
  }
  case WireType::Bytes: {
    uint64_t length;
    if (!readVarint(rest, length) || length > rest.size())
      return malformed("a length beyond the end");
    field.bytes = rest.take_front(length);
    rest = rest.drop_front(length);
    break;
  }
  default:
    return malformed("unknown wire type");
  }
  field.whole = start.drop_back(rest.size());
  return true;
}

static void appendNumber(std::string &message, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    message.push_back(static_cast<char>(value | 0x80));
  message.push_back(static_cast<char>(value));
}

void pleat::onnx::appendBytes(std::string &message, uint32_t number, llvm::StringRef content) {
  appendNumber(message, uint64_t(number) << 3 | static_cast<uint64_t>(WireType::Bytes));
  appendNumber(message, content.size());
  message.append(content.data(), content.size());
}

void pleat::onnx::appendVarint(std::string &message, uint32_t number, uint64_t value) {
  appendNumber(message, uint64_t(number) << 3 | static_cast<uint64_t>(WireType::Varint));
  appendNumber(message, value);
}
