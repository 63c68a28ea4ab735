/// What a process that is told to end leaves behind.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace pleat {

/// While it lives, a folder is removed when SIGINT, SIGTERM or SIGHUP ends the process: with all
/// that is in it, or only if it is empty. At most 32 marks live at once; more are without effect.
class InterruptMark {
public:
  enum Extent { WithContents, IfEmpty };

  /// None.
  InterruptMark() = default;
  InterruptMark(llvm::StringRef folder, Extent extent);
  InterruptMark(InterruptMark &&other);
  InterruptMark &operator=(InterruptMark &&other);
  ~InterruptMark();

private:
  int number = -1;
};

/// While it lives, the process does not end by those signals; it does when the last one goes.
class InterruptPause {
public:
  InterruptPause();
  InterruptPause(const InterruptPause &) = delete;
  InterruptPause &operator=(const InterruptPause &) = delete;
  ~InterruptPause();
};

} // namespace pleat
