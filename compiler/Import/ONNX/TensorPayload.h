/// The bytes of one ONNX tensor: where they lie, and how they become a weight.
#pragma once

#include "compiler/Import/ONNX/WireReader.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>
#include <vector>

namespace pleat::onnx {

/// Tensors of at most this many bytes become constants in the IR; larger ones weights.
constexpr uint64_t largestLiteral = 4096;

/// Field numbers of TensorProto in onnx.proto.
enum TensorField : uint32_t {
  dimsField = 1,
  dataTypeField = 2,
  segmentField = 3,
  floatField = 4,
  int32Field = 5,
  int64Field = 7,
  nameField = 8,
  rawField = 9,
  doubleField = 10,
  uint64Field = 11,
  externalField = 13,
  locationField = 14,
};

/// A TensorProto with its data left where it lies. Data fields are borrowed from the
/// message it was scanned from.
struct TensorPayload {
  std::string name;
  int32_t dataType = 0;
  llvm::SmallVector<int64_t, 4> dims;
  /// Data fields in file order: raw_data, or the typed field as one or more pieces.
  std::vector<WireField> pieces;
  /// Bytes of all pieces as they lie in the file.
  uint64_t wireBytes = 0;
  bool external = false, segmented = false;
  std::string location;
  /// Decimal texts of the external data's entries; empty when absent.
  std::string offset, length;

  /// Reads the fields of a TensorProto; data is located, not copied.
  static llvm::Expected<TensorPayload> scan(llvm::ArrayRef<uint8_t> tensorProto);

  /// The storage type; nullopt for strings, undefined and unknown types.
  std::optional<ElementType> elementType() const;

  /// Bytes the tensor has in storage, checked for overflow; an error for element types
  /// that have no storage form.
  llvm::Expected<uint64_t> bytes() const;

  /// Gives the tensor's bytes in storage form to `sink`, piece by piece. Not for external
  /// data. Fails when fewer or more elements are there than the shape says.
  llvm::Error decode(WeightStore::Sink sink) const;

  /// The one stretch that already is the storage form, if the data is such: then decoding
  /// would only copy it.
  std::optional<llvm::ArrayRef<uint8_t>> contiguous() const;
};

/// The storage type of an ONNX TensorProto.DataType; nullopt as for TensorPayload::elementType.
std::optional<ElementType> elementTypeOf(int32_t dataType);

/// ONNX's name of a data type, for messages: "float8e4m3fn", "string", "type 77".
std::string dataTypeName(int32_t dataType);

} // namespace pleat::onnx
