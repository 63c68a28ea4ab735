/// A build of a model without a recipe, in a folder that goes away again.
#pragma once

#include "compiler/Driver/LoadedModel.h"

namespace pleat {

class ReferenceBuild {
public:
  /// Compiles `model` for one instruction set level by running `pleat compile` of this very
  /// program. Its diagnostics go to stderr; the error has its exit code.
  static llvm::Expected<ReferenceBuild> make(llvm::StringRef model, llvm::StringRef level);

  ReferenceBuild(ReferenceBuild &&other) : folder(std::exchange(other.folder, "")), artifact(std::move(other.artifact)) {}
  ReferenceBuild &operator=(ReferenceBuild &&) = delete;
  /// Removes the folder. A library that is loaded stays usable.
  ~ReferenceBuild();

  const ArtifactFiles &files() const { return artifact; }

private:
  ReferenceBuild() = default;

  std::string folder;
  ArtifactFiles artifact;
};

} // namespace pleat
