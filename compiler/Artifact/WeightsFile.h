/// The weights file (runtime/abi/pleat_abi.h): first a plan that gives every weight its
/// offset, from shapes alone, so that code can be generated; later the writing.
///
///     WeightsPlan plan(store);
///     auto entry = plan.add(key, WeightLayout::Panel16, /*transposed=*/true);
///     ...
///     uint64_t offset = plan.offset(*entry);
///     auto written = plan.write("NAME.weights");
#pragma once

#include "compiler/Artifact/WeightLayout.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include <array>
#include <map>

namespace pleat {

/// A weights file that has been written.
struct WrittenWeights {
  /// BLAKE3 of the file's table.
  std::array<uint8_t, 32> buildId{};
  uint64_t bytes = 0;
  /// Of each entry, how far packing took it from the model's weight: relative L2 error.
  std::vector<double> errors;
};

/// Where a file's bytes go; they sum up to its size.
struct WeightsAccount {
  uint64_t header = 0, table = 0, tensors = 0, padding = 0;
};

class WeightsPlan {
public:
  /// `store` is borrowed.
  explicit WeightsPlan(const WeightStore &store) : store(store) {}

  /// Adds weight `key`, its last two axes swapped if `transposed`, in `layout`. Returns the
  /// entry's number: a known one if the same has been added before. Fails, with the weight's
  /// names, if the store lacks it or the layout does not apply.
  llvm::Expected<unsigned> add(llvm::StringRef key, WeightLayout layout, bool transposed);

  unsigned size() const { return entries.size(); }

  /// Bytes from the file's start to an entry. Valid until the next `add` of something new,
  /// because the table stands before the tensors.
  uint64_t offset(unsigned entry) const;

  /// The file's size; 0 if there are no weights, and then there is no file.
  uint64_t fileBytes() const;

  WeightsAccount account() const;

  /// What an entry holds.
  struct Entry {
    WeightInfo source;
    WeightLayout layout;
    bool transposed;
    StoredForm form;
    /// From the first tensor's start.
    uint64_t relative;
  };
  llvm::ArrayRef<Entry> list() const { return entries; }

  /// Writes the file, one window of one tensor at a time. A failure to write is a FileError;
  /// other errors are those of packWeight. Without weights it writes nothing.
  llvm::Expected<WrittenWeights> write(llvm::StringRef path) const;

private:
  uint64_t tensorsStart() const;
  uint64_t tensorsEnd() const;

  const WeightStore &store;
  std::vector<Entry> entries;
  std::map<std::tuple<std::string, WeightLayout, bool>, unsigned> known;
};

} // namespace pleat
