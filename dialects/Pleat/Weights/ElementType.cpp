// One table of element types; sizes are computed with overflow checks because dimensions
// come from untrusted files.
#include "dialects/Pleat/Weights/ElementType.h"

#include "llvm/Support/MathExtras.h"

using namespace pleat;

namespace {

struct Row {
  ElementType type;
  const char *name;
  unsigned bits;
};

constexpr Row table[] = {
    {ElementType::F64, "f64", 64},
    {ElementType::F32, "f32", 32},
    {ElementType::F16, "f16", 16},
    {ElementType::BF16, "bf16", 16},
    {ElementType::F8E4M3FN, "f8E4M3FN", 8},
    {ElementType::F8E4M3FNUZ, "f8E4M3FNUZ", 8},
    {ElementType::F8E5M2, "f8E5M2", 8},
    {ElementType::F8E5M2FNUZ, "f8E5M2FNUZ", 8},
    {ElementType::F8E8M0FNU, "f8E8M0FNU", 8},
    {ElementType::F6E2M3FN, "f6E2M3FN", 6},
    {ElementType::F6E3M2FN, "f6E3M2FN", 6},
    {ElementType::F4E2M1FN, "f4E2M1FN", 4},
    {ElementType::I1, "i1", 8},
    {ElementType::I2, "i2", 2},
    {ElementType::I4, "i4", 4},
    {ElementType::I8, "i8", 8},
    {ElementType::I16, "i16", 16},
    {ElementType::I32, "i32", 32},
    {ElementType::I64, "i64", 64},
    {ElementType::UI2, "ui2", 2},
    {ElementType::UI4, "ui4", 4},
    {ElementType::UI8, "ui8", 8},
    {ElementType::UI16, "ui16", 16},
    {ElementType::UI32, "ui32", 32},
    {ElementType::UI64, "ui64", 64},
    {ElementType::Complex64, "complex<f32>", 64},
    {ElementType::Complex128, "complex<f64>", 128},
};

constexpr uint64_t largest = uint64_t(1) << 62;

const Row &rowOf(ElementType type) { return table[static_cast<unsigned>(type)]; }

} // namespace

llvm::StringRef pleat::elementTypeName(ElementType type) { return rowOf(type).name; }

std::optional<ElementType> pleat::parseElementType(llvm::StringRef name) {
  for (const Row &row : table)
    if (name == row.name)
      return row.type;
  return std::nullopt;
}

unsigned pleat::storageBits(ElementType type) { return rowOf(type).bits; }

std::optional<uint64_t> pleat::elementCount(llvm::ArrayRef<int64_t> dims) {
  uint64_t count = 1;
  bool empty = false, overflow = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    count = llvm::SaturatingMultiply(count, static_cast<uint64_t>(dim));
    overflow |= count > largest;
  }
  if (overflow)
    return std::nullopt;
  return empty ? 0 : count;
}

std::optional<uint64_t> pleat::storageBytes(ElementType type, llvm::ArrayRef<int64_t> dims) {
  std::optional<uint64_t> count = elementCount(dims);
  if (!count)
    return std::nullopt;
  uint64_t bits = rowOf(type).bits;
  uint64_t bytes = bits >= 8 ? llvm::SaturatingMultiply(*count, bits / 8)
                             : *count / 8 * bits + (*count % 8 * bits + 7) / 8;
  if (bytes > largest)
    return std::nullopt;
  return bytes;
}
