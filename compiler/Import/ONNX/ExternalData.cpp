// Confines external data to the model's folder: a model must not make the compiler read
// files elsewhere.
#include "compiler/Import/ONNX/ExternalData.h"

#include "compiler/Import/ImportStatus.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

/// Whether a location names a place below the folder, as far as its text says.
bool isConfined(StringRef location) {
  if (location.empty() || location.contains('\0') || location.contains('\\') || path::is_absolute(location))
    return false;
  return llvm::none_of(llvm::make_range(path::begin(location), path::end(location)),
                       [](StringRef component) { return component == ".."; });
}

Error outside(StringRef location) {
  return invalidInput("external data '" + location + "' lies outside the model's folder");
}

} // namespace

Expected<std::shared_ptr<MappedFile>> ExternalFiles::open(StringRef location) {
  if (!isConfined(location))
    return outside(location);
  std::shared_ptr<MappedFile> &file = files[location];
  if (file)
    return file;
  llvm::SmallString<256> root, target, joined(folder);
  path::append(joined, location);
  std::error_code code = fs::real_path(folder, root);
  if (!code)
    code = fs::real_path(joined, target);
  if (code)
    return llvm::make_error<ImportError>(ImportStatus::FileAccess,
                                         "cannot open external data '" + location + "': " + code.message());
  if (!StringRef(target).starts_with(root) ||
      (root != "/" && !StringRef(target).drop_front(root.size()).starts_with("/")))
    return outside(location);
  auto opened = MappedFile::open(target);
  if (!opened)
    return asImportError(opened.takeError(), ImportStatus::FileAccess, "external data: ");
  return file = std::move(*opened);
}

Expected<FileRange> ExternalFiles::find(const TensorPayload &payload) {
  Expected<uint64_t> bytes = payload.bytes();
  if (!bytes)
    return bytes.takeError();
  uint64_t offset = 0, length = *bytes;
  if ((!payload.offset.empty() && StringRef(payload.offset).getAsInteger(10, offset)) ||
      (!payload.length.empty() && StringRef(payload.length).getAsInteger(10, length)))
    return invalidInput("external data has an offset or a length that is no number");
  if (length != *bytes)
    return invalidInput("expects " + llvm::Twine(*bytes) + " bytes of external data, but got " +
                        llvm::Twine(length));
  auto file = open(payload.location);
  if (!file)
    return file.takeError();
  uint64_t size = (*file)->bytes().size();
  if (offset > size || length > size - offset)
    return invalidInput("external data '" + payload.location + "' ends at byte " + llvm::Twine(size) +
                        ", before " + llvm::Twine(length) + " bytes at " + llvm::Twine(offset));
  return FileRange{std::move(*file), offset, length};
}
