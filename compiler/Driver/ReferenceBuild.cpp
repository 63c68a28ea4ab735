// Compiling the original beside the artefact: in a process of its own, as both verbs have
// flags of the same names.
#include "compiler/Driver/ReferenceBuild.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"

using namespace pleat;
using llvm::Expected;
using llvm::StringRef;

Expected<ReferenceBuild> ReferenceBuild::make(StringRef model, StringRef level) {
  return compile(model, level, {});
}

Expected<ReferenceBuild> ReferenceBuild::makeMeasuring(StringRef model, StringRef level, StringRef recipe,
                                                       llvm::ArrayRef<std::string> dims) {
  llvm::SmallVector<StringRef> options = {"--recipe", recipe, "--measure-steps", "--no-roll"};
  for (const std::string &dim : dims)
    options.append({"--dim", dim});
  return compile(model, level, options);
}

Expected<ReferenceBuild> ReferenceBuild::compile(StringRef model, StringRef level,
                                                 llvm::ArrayRef<StringRef> options) {
  ReferenceBuild build;
  Expected<TemporaryFolder> folder = TemporaryFolder::createInSystem("pleat-reference");
  if (!folder)
    return fail(ExitCode::Io, "no folder for temporary files: " + llvm::toString(folder.takeError()));
  build.folder = std::move(*folder);

  std::string program =
      llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&ReferenceBuild::make));
  std::string output = build.folder.file("reference");
  llvm::SmallVector<StringRef> arguments = {program, "compile", model, "-o", output, "--isa", level};
  llvm::append_range(arguments, options);
  // What it prints on stdout is not a result of ours.
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(""), std::nullopt};
  std::string why;
  int code = llvm::sys::ExecuteAndWait(program, arguments, std::nullopt, redirects, 0, 0, &why);
  if (code)
    return fail(code > 0 && code <= 6 ? static_cast<ExitCode>(code) : ExitCode::Internal,
                "'" + model + "' cannot be compiled for comparison" + (why.empty() ? "" : ": " + why));
  Expected<ArtifactFiles> files = ArtifactFiles::find(output);
  if (!files)
    return files.takeError();
  build.artifact = std::move(*files);
  return build;
}
