// What an archive and a shared library are made of.
#include "compiler/Target/Libraries.h"

#include "compiler/Artifact/OutputFile.h"
#include "compiler/Target/Linker.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <link.h>

using namespace llvm;
using namespace pleat;

Error pleat::writeArchive(const ObjectFile &object, StringRef modelName, StringRef path) {
  std::string member = (modelName + ".o").str();
  NewArchiveMember members[] = {
      NewArchiveMember(MemoryBufferRef(StringRef(object.bytes.data(), object.bytes.size()), member))};
  if (Error error = llvm::writeArchive(path, members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                       /*Deterministic=*/true, /*Thin=*/false))
    return createFileError(path, std::move(error));
  return Error::success();
}

/// The paths of libm and libc in this process: the ones a shared library has to name.
static std::vector<std::string> systemLibraries() {
  std::vector<std::string> found;
  auto visit = [](dl_phdr_info *info, size_t, void *data) {
    StringRef name = sys::path::filename(info->dlpi_name);
    if (name == "libm.so.6" || name == "libc.so.6")
      static_cast<std::vector<std::string> *>(data)->push_back(info->dlpi_name);
    return 0;
  };
  dl_iterate_phdr(visit, &found);
  return found;
}

/// A linker script that shows what the object exports.
static std::string versionScript(ArrayRef<std::string> exports) {
  std::string script = "{ global:";
  for (StringRef name : exports)
    script += (" " + name + ";").str();
  return script + " local: *; };\n";
}

Error pleat::linkShared(const ObjectFile &object, StringRef modelName, StringRef path) {
  std::string objectPath = (path + ".o").str(), scriptPath = (path + ".map").str();
  scope_exit remove([&] {
    sys::fs::remove(objectPath);
    sys::fs::remove(scriptPath);
  });
  if (Error error = writeFile(objectPath, StringRef(object.bytes.data(), object.bytes.size())))
    return error;
  if (Error error = writeFile(scriptPath, versionScript(object.exports)))
    return error;
  std::vector<std::string> arguments = {"-shared",
                                        "--threads=1",
                                        "--build-id=none",
                                        "--gc-sections",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "now",
                                        "-z",
                                        "noexecstack",
                                        object.instrumented ? "--unresolved-symbols=ignore-all"
                                                            : "--no-undefined",
                                        "-soname",
                                        ("lib" + modelName + ".so").str(),
                                        "--version-script",
                                        scriptPath,
                                        "-o",
                                        path.str(),
                                        objectPath,
                                        "--as-needed"};
  append_range(arguments, systemLibraries());
  return runLinker(arguments);
}
