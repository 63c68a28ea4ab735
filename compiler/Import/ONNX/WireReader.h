/// Reads protobuf's wire format without copying payloads.
///
/// The ONNX library would copy every weight into memory; this reader finds where they lie.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace pleat::onnx {

enum class WireType : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// One field of a message as it lies in the file.
struct WireField {
  uint32_t number;
  WireType type;
  /// The value of a varint or fixed field.
  uint64_t value;
  /// The content of a Bytes field; borrowed from the reader's input.
  llvm::ArrayRef<uint8_t> bytes;
  /// The whole field with its tag; borrowed.
  llvm::ArrayRef<uint8_t> whole;

  llvm::StringRef text() const { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }
};

/// Steps through the fields of one message.
class WireReader {
public:
  /// `message` is borrowed; it is all of the message and nothing else.
  explicit WireReader(llvm::ArrayRef<uint8_t> message) : message(message), rest(message) {}

  /// Reads the next field; false at the end. Fails on truncation, on lengths beyond the
  /// message and on wire types that proto2 no longer uses.
  llvm::Expected<bool> next(WireField &field);

  /// Reads a varint off the front of `bytes`; false if it is truncated or longer than ten bytes.
  static bool readVarint(llvm::ArrayRef<uint8_t> &bytes, uint64_t &value);

private:
  llvm::ArrayRef<uint8_t> message, rest;
};

/// Appends the field `number` with `content` to a message under construction.
void appendBytes(std::string &message, uint32_t number, llvm::StringRef content);

/// Appends a varint field.
void appendVarint(std::string &message, uint32_t number, uint64_t value);

} // namespace pleat::onnx
