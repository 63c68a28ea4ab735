/// An artefact's files as one: all of them appear, or none.
#pragma once

#include "compiler/Artifact/TemporaryFolder.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace pleat {

/// Collects files in a folder of its own beside the target, and moves them in at the end.
/// Every failure is a FileError.
///
///     auto writer = ArtifactWriter::create("out");
///     writeFile((*writer)->path("tiny.h"), text);
///     (*writer)->commit();
class ArtifactWriter {
public:
  /// Prepares writing into `folder`, and makes it, with its parents, if need be. An empty
  /// `folder` is the current one.
  static llvm::Expected<std::unique_ptr<ArtifactWriter>> create(llvm::StringRef folder);

  /// Removes what has not been committed, and then also the folders that `create` made. The
  /// same happens when the process is told to end.
  ~ArtifactWriter();
  ArtifactWriter(const ArtifactWriter &) = delete;
  ArtifactWriter &operator=(const ArtifactWriter &) = delete;

  /// Where to write the file that will be `folder`/`name`. Asking is adding it.
  std::string path(llvm::StringRef name);

  /// Where a file may be written that is not to be kept.
  std::string scratchPath(llvm::StringRef name) const;

  /// Moves all files in and replaces those of the same names. On failure everything is as
  /// it was before.
  llvm::Error commit();

private:
  ArtifactWriter() = default;
  /// Makes a folder and the parents it lacks.
  llvm::Error makeFolders(llvm::StringRef path);
  /// Where the earlier output of that name waits until all is done.
  std::string asidePath(llvm::StringRef name) const;
  llvm::Error moveIn(llvm::StringRef name, std::vector<std::string> &moved);
  void undo(llvm::ArrayRef<std::string> moved);

  std::string folder;
  TemporaryFolder temporary;
  /// Folders that did not exist, outermost first.
  std::vector<std::pair<std::string, InterruptMark>> made;
  std::vector<std::string> names;
  bool committed = false;
};

} // namespace pleat
