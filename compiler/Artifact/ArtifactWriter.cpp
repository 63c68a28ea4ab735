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

/// Makes `folder` and the parents it lacks; adds what it made to `made`.
static Error makeFolders(StringRef folder, std::vector<std::string> &made) {
  if (folder.empty() || fs::is_directory(folder))
    return Error::success();
  if (Error error = makeFolders(sys::path::parent_path(folder), made))
    return error;
  if (std::error_code code = fs::create_directory(folder, /*IgnoreExisting=*/false))
    return createFileError(folder, code);
  made.push_back(folder.str());
  return Error::success();
}

Expected<std::unique_ptr<ArtifactWriter>> ArtifactWriter::create(StringRef folder) {
  std::unique_ptr<ArtifactWriter> writer(new ArtifactWriter());
  SmallString<128> clean(folder.empty() ? "." : folder);
  sys::path::remove_dots(clean);
  writer->folder = clean.empty() ? "." : clean.str().str();
  if (Error error = makeFolders(writer->folder, writer->made))
    return std::move(error);
  SmallString<128> temporary;
  fs::createUniquePath(join(writer->folder, ".pleat-%%%%%%%%"), temporary, /*MakeAbsolute=*/false);
  if (std::error_code code = fs::create_directory(temporary, /*IgnoreExisting=*/false))
    return createFileError(writer->folder, code);
  writer->temporary = temporary.str().str();
  return writer;
}

ArtifactWriter::~ArtifactWriter() {
  if (!temporary.empty())
    fs::remove_directories(temporary);
  if (!committed)
    for (const std::string &path : reverse(made))
      fs::remove(path); // only if it is empty: what others put there stays
}

std::string ArtifactWriter::path(StringRef name) {
  if (!is_contained(names, name))
    names.push_back(name.str());
  return join(temporary, name);
}

std::string ArtifactWriter::scratchPath(StringRef name) const { return join(temporary, name); }

/// Where the earlier output of that name waits until all is done.
static std::string asidePath(StringRef temporary, StringRef name) {
  return join(temporary, (name + ".before").str());
}

Error ArtifactWriter::moveIn(StringRef name, std::vector<std::string> &moved) {
  std::string target = join(folder, name);
  if (fs::is_directory(target))
    return createFileError(target, std::make_error_code(std::errc::is_a_directory));
  if (fs::exists(target))
    if (std::error_code code = fs::rename(target, asidePath(temporary, name)))
      return createFileError(target, code);
  moved.push_back(name.str());
  if (std::error_code code = fs::rename(join(temporary, name), target))
    return createFileError(target, code);
  return Error::success();
}

void ArtifactWriter::undo(ArrayRef<std::string> moved) {
  for (const std::string &name : reverse(moved)) {
    std::string target = join(folder, name), aside = asidePath(temporary, name);
    fs::remove(target);
    if (fs::exists(aside))
      fs::rename(aside, target);
  }
}

Error ArtifactWriter::commit() {
  std::vector<std::string> moved;
  for (const std::string &name : names)
    if (Error error = moveIn(name, moved)) {
      undo(moved);
      return error;
    }
  committed = true;
  return Error::success();
}
