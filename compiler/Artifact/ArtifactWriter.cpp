// Renaming within one file system is what makes the last step all or nothing: earlier
// outputs are set aside first and come back if a later rename fails.
#include "compiler/Artifact/ArtifactWriter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace pleat;
namespace fs = llvm::sys::fs;

static std::string join(StringRef folder, StringRef name) { return (folder + "/" + name).str(); }

Error ArtifactWriter::makeFolders(StringRef path) {
  if (path.empty() || fs::is_directory(path))
    return Error::success();
  if (Error error = makeFolders(sys::path::parent_path(path)))
    return error;
  if (std::error_code code = fs::create_directory(path, /*IgnoreExisting=*/false))
    return createFileError(path, code);
  made.emplace_back(path.str(), InterruptMark(path, InterruptMark::IfEmpty));
  return Error::success();
}

Expected<std::unique_ptr<ArtifactWriter>> ArtifactWriter::create(StringRef folder) {
  std::unique_ptr<ArtifactWriter> writer(new ArtifactWriter());
  SmallString<128> clean(folder.empty() ? "." : folder);
  sys::path::remove_dots(clean);
  writer->folder = clean.empty() ? "." : clean.str().str();
  if (Error error = writer->makeFolders(writer->folder))
    return std::move(error);
  Expected<TemporaryFolder> temporary = TemporaryFolder::create(join(writer->folder, ".pleat"));
  if (!temporary)
    return temporary.takeError();
  writer->temporary = std::move(*temporary);
  return writer;
}

ArtifactWriter::~ArtifactWriter() {
  temporary.remove();
  if (!committed)
    for (const auto &[path, mark] : reverse(made))
      fs::remove(path); // only if it is empty: what others put there stays
}

std::string ArtifactWriter::path(StringRef name) {
  if (!is_contained(names, name))
    names.push_back(name.str());
  return temporary.file(name);
}

std::string ArtifactWriter::scratchPath(StringRef name) const { return temporary.file(name); }

std::string ArtifactWriter::asidePath(StringRef name) const { return temporary.file(name + ".before"); }

Error ArtifactWriter::moveIn(StringRef name, std::vector<std::string> &moved) {
  std::string target = join(folder, name);
  if (fs::is_directory(target))
    return createFileError(target, std::make_error_code(std::errc::is_a_directory));
  if (fs::exists(target))
    if (std::error_code code = fs::rename(target, asidePath(name)))
      return createFileError(target, code);
  moved.push_back(name.str());
  if (std::error_code code = fs::rename(temporary.file(name), target))
    return createFileError(target, code);
  return Error::success();
}

void ArtifactWriter::undo(ArrayRef<std::string> moved) {
  for (const std::string &name : reverse(moved)) {
    std::string target = join(folder, name), aside = asidePath(name);
    fs::remove(target);
    if (fs::exists(aside))
      fs::rename(aside, target);
  }
}

Error ArtifactWriter::commit() {
  // Interrupted half-way, earlier outputs would go with the temporary folder.
  InterruptPause pause;
  std::vector<std::string> moved;
  for (const std::string &name : names)
    if (Error error = moveIn(name, moved)) {
      undo(moved);
      return error;
    }
  committed = true;
  made.clear();
  return Error::success();
}
