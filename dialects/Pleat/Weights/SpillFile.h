/// Temporary storage on disk for tensors that passes make.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>

namespace pleat {

/// A nameless file that vanishes with this object or with the process. Reading and writing
/// of distinct ranges may happen in several threads.
class SpillFile {
public:
  /// Creates the file in `directory`, or in the system's folder for temporary files if
  /// that is empty. An error carries the system's code.
  static llvm::Expected<std::unique_ptr<SpillFile>> create(llvm::StringRef directory);

  ~SpillFile();
  SpillFile(const SpillFile &) = delete;
  SpillFile &operator=(const SpillFile &) = delete;

  /// Writes all of `bytes` at `offset`.
  llvm::Error write(uint64_t offset, llvm::ArrayRef<uint8_t> bytes);

  /// Fills all of `bytes` from `offset`; it is an error if nothing was written there.
  llvm::Error read(uint64_t offset, llvm::MutableArrayRef<uint8_t> bytes) const;

private:
  explicit SpillFile(int descriptor) : descriptor(descriptor) {}

  int descriptor;
};

} // namespace pleat
