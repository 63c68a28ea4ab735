/// Files that an artefact is written to.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace pleat {

/// A file that is being created. Every failure is a FileError with the path.
class OutputFile {
public:
  /// Creates or empties the file at `path`.
  static llvm::Expected<std::unique_ptr<OutputFile>> create(llvm::StringRef path);

  ~OutputFile() { llvm::consumeError(close()); }

  /// Appends; a failure shows in status() and close().
  void write(llvm::ArrayRef<uint8_t> bytes);
  void writeZeros(uint64_t count);

  /// Overwrites bytes written before.
  void overwrite(uint64_t offset, llvm::ArrayRef<uint8_t> bytes);

  uint64_t position() const { return stream->tell(); }

  /// The first failure so far.
  llvm::Error status();

  /// Ends the writing. Without it the destructor closes and keeps silent.
  llvm::Error close();

private:
  OutputFile(std::unique_ptr<llvm::raw_fd_ostream> stream, std::string path)
      : stream(std::move(stream)), path(std::move(path)) {}

  std::unique_ptr<llvm::raw_fd_ostream> stream;
  std::string path;
};

/// Writes a whole file.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef content);

} // namespace pleat
