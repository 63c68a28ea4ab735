/// A build of a model without a recipe, in a folder that goes away again.
#pragma once

#include "compiler/Artifact/TemporaryFolder.h"
#include "compiler/Driver/LoadedModel.h"

namespace pleat {

/// Its files go away with it; a library that is loaded stays usable.
class ReferenceBuild {
public:
  /// Compiles `model` for one instruction set level by running `pleat compile` of this very
  /// program. Its diagnostics go to stderr; the error has its exit code.
  static llvm::Expected<ReferenceBuild> make(llvm::StringRef model, llvm::StringRef level);

  const ArtifactFiles &files() const { return artifact; }

private:
  ReferenceBuild() = default;

  TemporaryFolder folder;
  ArtifactFiles artifact;
};

} // namespace pleat
