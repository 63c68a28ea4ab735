/// Element types of stored weights: names, widths and sizes, independent of any IR.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace pleat {

/// What one element of a stored tensor is. Names are those of MLIR's types.
enum class ElementType : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  F8E4M3FN,
  F8E4M3FNUZ,
  F8E5M2,
  F8E5M2FNUZ,
  F8E8M0FNU,
  F6E2M3FN,
  F6E3M2FN,
  F4E2M1FN,
  I1,
  I2,
  I4,
  I8,
  I16,
  I32,
  I64,
  UI2,
  UI4,
  UI8,
  UI16,
  UI32,
  UI64,
  Complex64,
  Complex128,
};

/// The type's name, as MLIR prints it: "f32", "ui8", "complex<f32>".
llvm::StringRef elementTypeName(ElementType type);

/// The type with that name; nullopt when there is none.
std::optional<ElementType> parseElementType(llvm::StringRef name);

/// Bits one element occupies in storage. An i1 has a byte of its own; other types narrower
/// than a byte are packed, the first element in the low bits.
unsigned storageBits(ElementType type);

/// Elements of a tensor; nullopt for a negative size or a product beyond 2^62.
std::optional<uint64_t> elementCount(llvm::ArrayRef<int64_t> dims);

/// Bytes a tensor occupies in storage, the last one padded; nullopt for a negative size or
/// a product beyond 2^62.
std::optional<uint64_t> storageBytes(ElementType type, llvm::ArrayRef<int64_t> dims);

} // namespace pleat
