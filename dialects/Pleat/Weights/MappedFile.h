/// A file mapped read-only, whose pages can be given back while it stays mapped.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <string>

namespace pleat {

/// Immutable after opening; may be used by several threads.
class MappedFile {
public:
  /// Maps the regular file at `path`. An error carries the system's code.
  static llvm::Expected<std::shared_ptr<MappedFile>> open(llvm::StringRef path);

  /// Maps an open file. Takes `descriptor` over, also on failure; `path` is only a name.
  static llvm::Expected<std::shared_ptr<MappedFile>> openDescriptor(int descriptor, llvm::StringRef path);

  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  /// The path it was opened by.
  llvm::StringRef path() const { return name; }

  /// All bytes; borrowed, as long as this object lives.
  llvm::ArrayRef<uint8_t> bytes() const { return {data, size}; }

  /// Gives the pages that lie wholly or partly in the range back to the system: they no
  /// longer count as resident, and are read again when touched. Pointers stay valid.
  void release(uint64_t offset, uint64_t length) const;

private:
  MappedFile(const uint8_t *data, uint64_t size, std::string name)
      : data(data), size(size), name(std::move(name)) {}

  const uint8_t *data;
  uint64_t size;
  std::string name;
};

} // namespace pleat
