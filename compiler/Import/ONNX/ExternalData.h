/// Files beside a model that hold its tensors' data.
#pragma once

#include "compiler/Import/ONNX/TensorPayload.h"
#include "dialects/Pleat/Weights/MappedFile.h"
#include "llvm/ADT/StringMap.h"

namespace pleat::onnx {

/// A stretch of a mapped file.
struct FileRange {
  std::shared_ptr<MappedFile> file;
  uint64_t offset, length;
  llvm::ArrayRef<uint8_t> bytes() const { return file->bytes().slice(offset, length); }
};

/// Opens external data of one model, each file once. A location is a relative path that
/// stays within the model's folder, also after symbolic links are followed.
class ExternalFiles {
public:
  /// `folder` is the model's; empty means the current one.
  explicit ExternalFiles(llvm::StringRef folder) : folder(folder.empty() ? "." : folder.str()) {}

  /// Where the data of an external tensor lies. Fails with InvalidInput when the location
  /// leaves the folder or the numbers do not fit the tensor's size or the file; with
  /// FileAccess when the file cannot be opened.
  llvm::Expected<FileRange> find(const TensorPayload &payload);

private:
  llvm::Expected<std::shared_ptr<MappedFile>> open(llvm::StringRef location);

  std::string folder;
  llvm::StringMap<std::shared_ptr<MappedFile>> files;
};

} // namespace pleat::onnx
