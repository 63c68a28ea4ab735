/// What a weight store holds; shared by the sources that implement it, and by nobody else.
#pragma once

#include "dialects/Pleat/Weights/SpillFile.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/BLAKE3.h"
#include <deque>
#include <mutex>
#include <variant>

namespace pleat {

/// Computes the key of a tensor from pieces of its bytes.
class ContentHash {
public:
  ContentHash(ElementType type, llvm::ArrayRef<int64_t> dims);
  void update(llvm::ArrayRef<uint8_t> bytes) { hasher.update(bytes); }
  std::string key();

private:
  llvm::BLAKE3 hasher;
};

/// Where the bytes of an entry lie.
struct MappedRange {
  std::shared_ptr<MappedFile> file;
  uint64_t offset;
};
struct SpilledRange {
  uint64_t offset;
};
using WeightSource = std::variant<MappedRange, SpilledRange, std::vector<uint8_t>>;

struct WeightEntry {
  WeightInfo info;
  WeightSource source;
};

struct WeightStore::State {
  std::string spillDirectory;

  /// Guards the members below; entries never move, and only their names ever change.
  mutable std::mutex mutex;
  std::deque<WeightEntry> entries;
  llvm::StringMap<WeightEntry *> byKey;
  std::unique_ptr<SpillFile> spill;
  uint64_t spillEnd = 0;

  /// The entry with that key, or an error that names the key.
  llvm::Expected<const WeightEntry *> find(llvm::StringRef key) const;

  /// Adds `entry`, or only its names if the key is known. Returns the key.
  std::string insert(WeightEntry entry);

  /// Sets room of that size aside in the spill file, creating the file if need be.
  llvm::Expected<SpilledRange> reserveSpill(uint64_t bytes);

  /// Fills `bytes` from `offset` of an entry's source; the range is known to lie within.
  llvm::Error readSource(const WeightSource &source, uint64_t offset,
                         llvm::MutableArrayRef<uint8_t> bytes) const;

  /// As WeightStore::forEachWindow.
  llvm::Error visit(const WeightEntry &entry,
                    llvm::function_ref<llvm::Error(uint64_t, llvm::ArrayRef<uint8_t>)> visit) const;
};

} // namespace pleat
