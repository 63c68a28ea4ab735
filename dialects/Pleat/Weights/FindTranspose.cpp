// Finds the transpose of a stored matrix by hashing its bytes in transposed order.
#include "dialects/Pleat/Weights/StoreState.h"

#include <algorithm>
#include <cstring>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;

namespace {

/// Bytes of transposed columns held at a time.
constexpr uint64_t blockBytes = uint64_t(16) << 20;

} // namespace

Expected<std::optional<std::string>> WeightStore::findTransposeOf(llvm::StringRef key) const {
  Expected<const WeightEntry *> found = state->find(key);
  if (!found)
    return found.takeError();
  const WeightEntry &entry = **found;
  ArrayRef<int64_t> dims = entry.info.dims;
  unsigned bits = storageBits(entry.info.type);
  if (dims.size() != 2 || bits < 8)
    return std::nullopt;
  int64_t swapped[] = {dims[1], dims[0]};
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    bool candidate = llvm::any_of(state->entries, [&](const WeightEntry &other) {
      return other.info.type == entry.info.type &&
             ArrayRef<int64_t>(other.info.dims) == ArrayRef<int64_t>(swapped);
    });
    if (!candidate)
      return std::nullopt;
  }

  uint64_t rows = dims[0], columns = dims[1], size = bits / 8;
  ContentHash hash(entry.info.type, swapped);
  uint64_t step = std::max<uint64_t>(1, blockBytes / std::max<uint64_t>(1, rows * size));
  std::vector<uint8_t> block, segment;
  for (uint64_t begin = 0; rows && begin < columns; begin += step) {
    uint64_t width = std::min(step, columns - begin);
    block.resize(width * rows * size);
    segment.resize(width * size);
    for (uint64_t row = 0; row < rows; ++row) {
      if (Error error = state->readSource(entry.source, (row * columns + begin) * size, segment))
        return error;
      for (uint64_t column = 0; column < width; ++column)
        std::memcpy(&block[(column * rows + row) * size], &segment[column * size], size);
    }
    hash.update(block);
    if (auto *mapped = std::get_if<MappedRange>(&entry.source))
      mapped->file->release(mapped->offset, entry.info.bytes);
  }
  std::string transposed = hash.key();
  if (!lookup(transposed))
    return std::nullopt;
  return transposed;
}
