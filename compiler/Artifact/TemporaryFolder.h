/// Folders for files on their way.
#pragma once

#include "compiler/Artifact/InterruptMark.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>

namespace pleat {

/// A new folder that goes away with its contents: by the destructor, and when the process is
/// told to end.
class TemporaryFolder {
public:
  /// Makes `prefix` with random characters behind it, for its owner alone. Fails with a
  /// FileError.
  static llvm::Expected<TemporaryFolder> create(llvm::StringRef prefix);

  /// As `create`, in the system's folder for temporary files.
  static llvm::Expected<TemporaryFolder> createInSystem(llvm::StringRef prefix);

  /// No folder.
  TemporaryFolder() = default;
  TemporaryFolder(TemporaryFolder &&other) { *this = std::move(other); }
  TemporaryFolder &operator=(TemporaryFolder &&other);
  ~TemporaryFolder() { remove(); }

  /// Removes it now.
  void remove();

  /// Where its file `name` is.
  std::string file(const llvm::Twine &name) const { return (folder + "/" + name).str(); }

private:
  std::string folder;
  InterruptMark mark;
};

} // namespace pleat
