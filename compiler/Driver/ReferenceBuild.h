/// Builds that a model is compared with, in a folder that goes away again.
#pragma once

#include "compiler/Artifact/TemporaryFolder.h"
#include "compiler/Driver/LoadedModel.h"

namespace pleat {

/// Its files go away with it; a library that is loaded stays usable.
class ReferenceBuild {
public:
  /// Compiles `model` for one instruction set level by running `pleat compile` of this very
  /// program. Its diagnostics go to stderr; the error has its exit code.
  /// It is without a recipe.
  static llvm::Expected<ReferenceBuild> make(llvm::StringRef model, llvm::StringRef level);

  /// The same of what measures the errors of the steps of `recipe`; `dims` as `--dim`.
  static llvm::Expected<ReferenceBuild> makeMeasuring(llvm::StringRef model, llvm::StringRef level,
                                                      llvm::StringRef recipe,
                                                      llvm::ArrayRef<std::string> dims);

  const ArtifactFiles &files() const { return artifact; }

private:
  ReferenceBuild() = default;
  static llvm::Expected<ReferenceBuild> compile(llvm::StringRef model, llvm::StringRef level,
                                                llvm::ArrayRef<llvm::StringRef> options);

  TemporaryFolder folder;
  ArtifactFiles artifact;
};

} // namespace pleat
