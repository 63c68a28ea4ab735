// Names are tried until one is free.
#include "compiler/Artifact/TemporaryFolder.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace pleat;
namespace fs = llvm::sys::fs;

Expected<TemporaryFolder> TemporaryFolder::create(StringRef prefix) {
  std::error_code code;
  for (int attempt = 0; attempt < 16; ++attempt) {
    SmallString<128> path;
    fs::createUniquePath(prefix + "-%%%%%%%%", path, /*MakeAbsolute=*/false);
    // Marked before it exists, so that no signal falls between.
    TemporaryFolder temporary;
    temporary.mark = InterruptMark(path, InterruptMark::IfEmpty);
    code = fs::create_directory(path, /*IgnoreExisting=*/false, fs::owner_all);
    if (code == std::errc::file_exists)
      continue;
    if (code)
      break;
    temporary.mark = InterruptMark(path, InterruptMark::WithContents);
    temporary.folder = path.str().str();
    return temporary;
  }
  return createFileError(prefix, code);
}

Expected<TemporaryFolder> TemporaryFolder::createInSystem(StringRef prefix) {
  SmallString<128> path;
  sys::path::system_temp_directory(/*ErasedOnReboot=*/true, path);
  sys::path::append(path, prefix);
  return create(path);
}

TemporaryFolder &TemporaryFolder::operator=(TemporaryFolder &&other) {
  std::swap(folder, other.folder);
  std::swap(mark, other.mark);
  return *this;
}

void TemporaryFolder::remove() {
  if (!folder.empty())
    fs::remove_directories(std::exchange(folder, ""));
  mark = InterruptMark();
}
