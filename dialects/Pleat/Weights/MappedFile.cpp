// Maps files by hand: llvm::MemoryBuffer cannot give single pages back.
#include "dialects/Pleat/Weights/MappedFile.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pleat;

namespace {

llvm::Error systemError(llvm::StringRef path) {
  std::error_code code(errno, std::generic_category());
  return llvm::createStringError(code, "cannot open '" + path + "': " + code.message());
}

} // namespace

llvm::Expected<std::shared_ptr<MappedFile>> MappedFile::open(llvm::StringRef path) {
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
  int descriptor = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return systemError(path);
  return openDescriptor(descriptor, path);
}

llvm::Expected<std::shared_ptr<MappedFile>> MappedFile::openDescriptor(int descriptor, llvm::StringRef path) {
  struct Close {
    int descriptor;
    ~Close() { ::close(descriptor); }
  } close{descriptor};
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    return systemError(path);
  if (!S_ISREG(status.st_mode))
    return llvm::createStringError(std::make_error_code(std::errc::invalid_argument),
                                   "cannot open '" + path + "': not a regular file");
  uint64_t size = status.st_size;
  void *data = nullptr;
  if (size) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED)
      return systemError(path);
  }
  return std::shared_ptr<MappedFile>(new MappedFile(static_cast<const uint8_t *>(data), size, path.str()));
}

MappedFile::~MappedFile() {
  if (size)
    ::munmap(const_cast<uint8_t *>(data), size);
}

void MappedFile::release(uint64_t offset, uint64_t length) const {
  if (offset >= size || length == 0)
    return;
  uint64_t page = ::sysconf(_SC_PAGESIZE);
  uint64_t begin = offset / page * page;
  uint64_t end = offset + std::min(length, size - offset);
  ::madvise(const_cast<uint8_t *>(data) + begin, end - begin, MADV_DONTNEED);
}
