// Sizes and numbers of tensors in memory.
#include "compiler/Driver/HostTensor.h"

#include "compiler/Artifact/ModelInterface.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/CheckedArithmetic.h"
#include <cstring>

using namespace pleat;

template <typename T>
static T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

int64_t HostTensor::size() const { return bytes.size() / elementBytes(type); }

double HostTensor::at(int64_t index) const {
  const uint8_t *element = bytes.data() + index * elementBytes(type);
  switch (type) {
  case PLEAT_F32:
    return load<float>(element);
  case PLEAT_F64:
    return load<double>(element);
  case PLEAT_F16:
    return halfToFloat(load<uint16_t>(element));
  case PLEAT_BF16:
    return bfloat16ToFloat(load<uint16_t>(element));
  case PLEAT_U8:
  case PLEAT_BOOL:
    return *element;
  case PLEAT_I8:
    return load<int8_t>(element);
  case PLEAT_U16:
    return load<uint16_t>(element);
  case PLEAT_I16:
    return load<int16_t>(element);
  case PLEAT_U32:
    return load<uint32_t>(element);
  case PLEAT_I32:
    return load<int32_t>(element);
  case PLEAT_U64:
    return load<uint64_t>(element);
  case PLEAT_I64:
    return load<int64_t>(element);
  }
  llvm_unreachable("every pleat_type is listed");
}

bool pleat::isHostType(int64_t number) {
  return (number >= PLEAT_F32 && number <= PLEAT_I64) || (number >= PLEAT_BOOL && number <= PLEAT_U64) ||
         number == PLEAT_BF16;
}

std::optional<uint64_t> pleat::hostBytes(pleat_type type, llvm::ArrayRef<int64_t> shape) {
  // A zero anywhere makes the tensor empty, whatever the other sizes multiply to.
  std::optional<int64_t> bytes = elementBytes(type);
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    if (bytes && size)
      bytes = llvm::checkedMul(*bytes, size);
  }
  if (empty)
    return 0;
  if (!bytes || *bytes > int64_t(1) << 62)
    return std::nullopt;
  return *bytes;
}

bool pleat::isFloat(pleat_type type) {
  return type == PLEAT_F32 || type == PLEAT_F64 || type == PLEAT_F16 || type == PLEAT_BF16;
}

std::string pleat::shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = shape.empty() ? "scalar" : "";
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

float pleat::halfToFloat(uint16_t bits) { return llvm::bit_cast<_Float16>(bits); }

uint16_t pleat::floatToHalf(float value) { return llvm::bit_cast<uint16_t>(static_cast<_Float16>(value)); }

float pleat::bfloat16ToFloat(uint16_t bits) { return llvm::bit_cast<float>(uint32_t(bits) << 16); }

uint16_t pleat::floatToBFloat16(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if (value != value)
    return static_cast<uint16_t>(bits >> 16 | 0x40); // quiet, so that no payload rounds to infinity
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
