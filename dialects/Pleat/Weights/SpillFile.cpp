// Plain reads and writes rather than a mapping: pages of the system's file cache do not
// count as resident memory of the compiler.
#include "dialects/Pleat/Weights/SpillFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace pleat;

namespace {

llvm::Error systemError(const char *action) {
  std::error_code code(errno, std::generic_category());
  return llvm::createStringError(code,
                                 llvm::Twine("cannot ") + action + " the spill file: " + code.message());
}

} // namespace

llvm::Expected<std::unique_ptr<SpillFile>> SpillFile::create(llvm::StringRef directory) {
  llvm::SmallString<128> path(directory);
  if (path.empty())
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, path);
  llvm::sys::path::append(path, "pleat-spill-XXXXXX");
  path.push_back('\0'); // mkostemp writes into the terminated text
  int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0)
    return systemError("create");
  ::unlink(path.data());
  return std::unique_ptr<SpillFile>(new SpillFile(descriptor));
}

SpillFile::~SpillFile() { ::close(descriptor); }

llvm::Error SpillFile::write(uint64_t offset, llvm::ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t done = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return systemError("write");
    bytes = bytes.drop_front(done);
    offset += done;
  }
  return llvm::Error::success();
}

llvm::Error SpillFile::read(uint64_t offset, llvm::MutableArrayRef<uint8_t> bytes) const {
  while (!bytes.empty()) {
    ssize_t done = ::pread(descriptor, bytes.data(), bytes.size(), offset);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return systemError("read");
    if (done == 0)
      return llvm::createStringError(std::make_error_code(std::errc::io_error),
                                     "cannot read the spill file: it is too short");
    bytes = bytes.drop_front(done);
    offset += done;
  }
  return llvm::Error::success();
}
