// The peak is what the system counted, not an estimate; so it is known after a stage.
#include "compiler/Driver/MemoryLimit.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/FormatVariadic.h"
#include <sys/resource.h>

llvm::Error pleat::checkMemory(uint64_t limit, const llvm::Twine &stage) {
  rusage usage{};
  if (limit == 0 || getrusage(RUSAGE_SELF, &usage) != 0)
    return llvm::Error::success();
  uint64_t peak = uint64_t(usage.ru_maxrss) * 1024;
  if (peak <= limit)
    return llvm::Error::success();
  return fail(
      ExitCode::NotMet,
      llvm::formatv("{0} took {1:f0} MB of memory, but --max-memory allows {2:f0} MB; nothing was written",
                    stage.str(), double(peak) / 1e6, double(limit) / 1e6)
          .str());
}
