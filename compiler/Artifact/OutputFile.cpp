// A raw_fd_ostream that reports instead of ending the process.
#include "compiler/Artifact/OutputFile.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace pleat;

Expected<std::unique_ptr<OutputFile>> OutputFile::create(StringRef path) {
  std::error_code code;
  auto stream = std::make_unique<raw_fd_ostream>(path, code);
  if (code)
    return createFileError(path, code);
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(stream), path.str()));
}

void OutputFile::write(ArrayRef<uint8_t> bytes) {
  stream->write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

void OutputFile::writeZeros(uint64_t count) {
  for (; count > 0; count -= std::min<uint64_t>(count, 1 << 20))
    stream->write_zeros(std::min<uint64_t>(count, 1 << 20));
}

void OutputFile::overwrite(uint64_t offset, ArrayRef<uint8_t> bytes) {
  stream->pwrite(reinterpret_cast<const char *>(bytes.data()), bytes.size(), offset);
}

Error OutputFile::status() {
  std::error_code code = stream->error();
  return code ? createFileError(path, code) : Error::success();
}

Error OutputFile::close() {
  stream->close();
  std::error_code code = stream->error();
  // A stream that still has its error ends the process when it goes.
  stream->clear_error();
  return code ? createFileError(path, code) : Error::success();
}

Error pleat::writeFile(StringRef path, StringRef content) {
  auto file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  (*file)->write(arrayRefFromStringRef(content));
  return (*file)->close();
}
