// Where each element of a weight goes.
#include "compiler/Artifact/WeightLayout.h"

#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <cstring>

using namespace llvm;
using namespace pleat;

StringRef pleat::layoutName(WeightLayout layout) {
  switch (layout) {
  case WeightLayout::RowMajor:
    return "row_major";
  case WeightLayout::Panel16:
    return "panel16";
  case WeightLayout::AmxBf16:
    return "amx_bf16";
  case WeightLayout::AmxBf16x3:
    return "amx_bf16x3";
  }
  return "unknown";
}

unsigned pleat::panelColumns(WeightLayout layout) {
  switch (layout) {
  case WeightLayout::RowMajor:
    return 0;
  case WeightLayout::Panel16:
    return 16;
  case WeightLayout::AmxBf16:
  case WeightLayout::AmxBf16x3:
    return 32;
  }
  return 0;
}

unsigned pleat::bf16Parts(WeightLayout layout) {
  return layout == WeightLayout::AmxBf16 ? 1 : layout == WeightLayout::AmxBf16x3 ? 3 : 0;
}

double PackError::relative() const { return squaredNorm > 0 ? std::sqrt(squaredError / squaredNorm) : 0; }

/// The file's number for a type; nullopt where the runtime has none.
static std::optional<pleat_type> abiType(ElementType type) {
  switch (type) {
  case ElementType::F64:
    return PLEAT_F64;
  case ElementType::F32:
    return PLEAT_F32;
  case ElementType::F16:
    return PLEAT_F16;
  case ElementType::BF16:
    return PLEAT_BF16;
  case ElementType::I1:
    return PLEAT_BOOL;
  case ElementType::I8:
    return PLEAT_I8;
  case ElementType::I16:
    return PLEAT_I16;
  case ElementType::I32:
    return PLEAT_I32;
  case ElementType::I64:
    return PLEAT_I64;
  case ElementType::UI8:
    return PLEAT_U8;
  case ElementType::UI16:
    return PLEAT_U16;
  case ElementType::UI32:
    return PLEAT_U32;
  case ElementType::UI64:
    return PLEAT_U64;
  default:
    return std::nullopt;
  }
}

Expected<StoredForm> pleat::storedForm(ElementType type, ArrayRef<int64_t> dims, WeightLayout layout,
                                       bool transposed) {
  std::optional<pleat_type> stored = abiType(type);
  if (!stored)
    return createStringError("weights of type " + elementTypeName(type) + " cannot be stored");
  std::optional<uint64_t> bytes = storageBytes(type, dims);
  if (!bytes)
    return createStringError("weight's size overflows");
  StoredForm form{*stored};
  form.bytes = *bytes;
  if (layout == WeightLayout::RowMajor) {
    if (transposed)
      return createStringError("layout row_major cannot be transposed");
    return form;
  }
  if (dims.size() < 2)
    return createStringError("layout " + layoutName(layout) + " expects a matrix, but got rank " +
                             Twine(dims.size()));
  for (int64_t size : dims.drop_back(2))
    form.matrices *= size;
  form.k = dims[dims.size() - (transposed ? 1 : 2)];
  form.n = dims[dims.size() - (transposed ? 2 : 1)];
  uint64_t rows = form.k, columns = form.n, elementBytes = storageBits(type) / 8;
  if (unsigned parts = bf16Parts(layout)) {
    if (type != ElementType::F32 && type != ElementType::BF16)
      return createStringError("layout " + layoutName(layout) + " expects f32 or bf16, but got " +
                               elementTypeName(type));
    form.type = PLEAT_BF16;
    elementBytes = 2 * parts;
    rows = alignTo(rows, 32);
  }
  if (unsigned panel = panelColumns(layout))
    columns = alignTo(columns, panel);
  // Padding at most multiplies a size by 32 * 32, so that 2^52 elements stay far from 2^64.
  if (*bytes >> 52 || form.matrices >> 52 || rows >> 52 || columns >> 52)
    return createStringError("weight's size overflows");
  form.bytes = form.matrices * rows * columns * elementBytes;
  return form;
}

void pleat::packPanel16(ArrayRef<uint8_t> window, uint64_t k, uint64_t columns, unsigned elementBytes,
                        MutableArrayRef<uint8_t> to) {
  uint64_t panelRow = 16 * elementBytes;
  uint8_t *out = to.data();
  for (uint64_t first = 0; first < columns; first += 16) {
    uint64_t filled = std::min<uint64_t>(16, columns - first) * elementBytes;
    for (uint64_t row = 0; row < k; ++row, out += panelRow) {
      std::memcpy(out, window.data() + (row * columns + first) * elementBytes, filled);
      std::memset(out + filled, 0, panelRow - filled);
    }
  }
}

/// The nearest bf16, ties to even. A NaN stays one.
static uint16_t roundToBf16(uint32_t bits) {
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (bits >> 16) | 0x40;
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

static float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float widen(uint16_t bf16) { return fromBits(uint32_t(bf16) << 16); }

static float loadElement(const uint8_t *element, unsigned elementBytes) {
  uint32_t bits = 0;
  std::memcpy(reinterpret_cast<uint8_t *>(&bits) + 4 - elementBytes, element, elementBytes);
  return fromBits(bits);
}

/// Splits `value` into bf16 that add up to it, as far as `count` of them can. Next to the
/// largest f32, where rounding would leave the range, parts are cut off instead, so that
/// their sums stay in it too.
static void split(float value, unsigned count, uint16_t *parts) {
  bool rounds = count == 1 || !std::isfinite(value) || std::isfinite(widen(roundToBf16(toBits(value))));
  for (unsigned part = 0; part < count; ++part) {
    parts[part] = rounds ? roundToBf16(toBits(value)) : toBits(value) >> 16;
    value = std::isfinite(value) ? value - widen(parts[part]) : 0;
  }
}

PackError pleat::packAmxBf16(ArrayRef<uint8_t> window, uint64_t k, uint64_t columns, unsigned elementBytes,
                             unsigned parts, MutableArrayRef<uint8_t> to) {
  constexpr uint64_t partElements = 32 * 32;
  uint64_t blockElements = parts * partElements, panelElements = divideCeil(k, 32) * blockElements;
  std::memset(to.data(), 0, to.size());
  PackError error;
  for (uint64_t row = 0; row < k; ++row)
    for (uint64_t column = 0; column < columns; ++column) {
      uint64_t r = row % 32, c = column % 32;
      uint64_t inPart = (c / 16) * 512 + (r / 2) * 32 + 2 * (c % 16) + r % 2;
      uint64_t first = (column / 32) * panelElements + (row / 32) * blockElements + inPart;
      float value = loadElement(window.data() + (row * columns + column) * elementBytes, elementBytes),
            sum = 0;
      uint16_t split3[3];
      split(value, parts, split3);
      for (unsigned part = 0; part < parts; ++part) {
        std::memcpy(to.data() + (first + part * partElements) * 2, &split3[part], sizeof(uint16_t));
        sum += widen(split3[part]);
      }
      if (std::isfinite(value)) {
        error.squaredError += (double(sum) - value) * (double(sum) - value);
        error.squaredNorm += double(value) * value;
      }
    }
  return error;
}

template <typename Element>
static void transpose(const uint8_t *from, uint64_t rows, uint64_t columns, uint8_t *to) {
  // Tiles that stay in the first cache: one side of a transpose always strides.
  constexpr uint64_t tile = 32;
  for (uint64_t row0 = 0; row0 < rows; row0 += tile)
    for (uint64_t column0 = 0; column0 < columns; column0 += tile)
      for (uint64_t row = row0; row < std::min(rows, row0 + tile); ++row)
        for (uint64_t column = column0; column < std::min(columns, column0 + tile); ++column)
          std::memcpy(to + (column * rows + row) * sizeof(Element),
                      from + (row * columns + column) * sizeof(Element), sizeof(Element));
}

void pleat::transposeElements(ArrayRef<uint8_t> from, uint64_t rows, uint64_t columns, unsigned elementBytes,
                              MutableArrayRef<uint8_t> to) {
  switch (elementBytes) {
  case 1:
    return transpose<uint8_t>(from.data(), rows, columns, to.data());
  case 2:
    return transpose<uint16_t>(from.data(), rows, columns, to.data());
  case 4:
    return transpose<uint32_t>(from.data(), rows, columns, to.data());
  default:
    return transpose<uint64_t>(from.data(), rows, columns, to.data());
  }
}
