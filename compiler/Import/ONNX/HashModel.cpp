// Bytes are hashed as they lie in the files: a tensor in another field is another model.
#include "compiler/Import/ONNX/HashModel.h"

#include "compiler/Import/ONNX/ExternalData.h"
#include "compiler/Import/ONNX/StripModel.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Path.h"

using namespace pleat;
using namespace pleat::onnx;
using llvm::Error;
using llvm::Expected;

/// Adds a stretch of `file` to `hash`; of its pages few are resident at a time.
static void addRange(llvm::BLAKE3 &hash, const MappedFile &file, uint64_t offset, uint64_t length) {
  constexpr uint64_t window = uint64_t(4) << 20;
  for (uint64_t end = offset + length; offset < end; offset += window) {
    uint64_t bytes = std::min(window, end - offset);
    hash.update(file.bytes().slice(offset, bytes));
    file.release(offset, bytes);
  }
}

Expected<std::string> pleat::hashModel(llvm::StringRef path) {
  auto file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  Expected<StrippedModel> stripped = stripModel((*file)->bytes());
  if (!stripped)
    return stripped.takeError();
  llvm::BLAKE3 hash;
  addRange(hash, **file, 0, (*file)->bytes().size());
  ExternalFiles externalFiles(llvm::sys::path::parent_path(path));
  for (const TensorPayload &payload : stripped->payloads) {
    if (!payload.external)
      continue;
    Expected<FileRange> range = externalFiles.find(payload);
    if (!range)
      return range.takeError();
    addRange(hash, *range->file, range->offset, range->length);
  }
  return llvm::toHex(hash.final<32>(), /*LowerCase=*/true);
}
