/// Tensors in the memory of a tool: what files hold and what models take and give.
#pragma once

#include "runtime/abi/pleat_abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace pleat {

/// A dense row-major tensor that owns its elements.
struct HostTensor {
  std::string name;
  pleat_type type = PLEAT_F32;
  llvm::SmallVector<int64_t, 4> shape;
  /// hostBytes(type, shape) of them, little-endian; aligned for any element type.
  std::vector<uint8_t> bytes;

  /// Elements of the tensor.
  int64_t size() const;

  /// Element `index` in row-major order as a double; a 64-bit integer may be rounded.
  double at(int64_t index) const;
};

/// Whether `number` is a pleat_type.
bool isHostType(int64_t number);

/// Bytes a tensor has; nullopt for a negative size or more than 2^62.
std::optional<uint64_t> hostBytes(pleat_type type, llvm::ArrayRef<int64_t> shape);

bool isFloat(pleat_type type);

/// "2x3x4"; "scalar" for rank 0.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// A half-precision number from its bits, and the bits nearest to a number (ties to even).
float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value);
float bfloat16ToFloat(uint16_t bits);
uint16_t floatToBFloat16(float value);

} // namespace pleat
