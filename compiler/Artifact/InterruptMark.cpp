// Signals belong to the process, and so does what is marked. A handler may only call functions
// of the system that are safe in it, which neither malloc nor readdir is.
#include "compiler/Artifact/InterruptMark.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

using namespace pleat;

namespace {

struct Slot {
  std::atomic<char *> folder{nullptr};
  std::atomic<bool> withContents{false};
};

std::array<Slot, 32> slots;
std::atomic<int> pauses{0}, waiting{0}; // signals that wait for the end of the pauses
constexpr std::array<int, 3> handled{SIGINT, SIGTERM, SIGHUP};
std::array<struct sigaction, handled.size()> before;

constexpr int deepest = 8;

/// Removes what is in the folder that `descriptor` is open on.
void removeContents(int descriptor, int depth) {
  alignas(dirent64) char entries[2048];
  while (long bytes = syscall(SYS_getdents64, descriptor, entries, sizeof(entries))) {
    if (bytes < 0)
      return;
    for (long at = 0; at < bytes;) {
      auto *entry = reinterpret_cast<const dirent64 *>(entries + at);
      at += entry->d_reclen;
      const char *name = entry->d_name;
      if (!std::strcmp(name, ".") || !std::strcmp(name, "..") || unlinkat(descriptor, name, 0) == 0)
        continue;
      int inner =
          depth < deepest ? openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
      if (inner < 0)
        continue;
      removeContents(inner, depth + 1);
      close(inner);
      unlinkat(descriptor, name, AT_REMOVEDIR);
    }
  }
}

/// Whether a folder was removed.
bool remove(const Slot &slot) {
  const char *folder = slot.folder.load();
  if (!folder)
    return false;
  if (slot.withContents)
    if (int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); descriptor >= 0) {
      removeContents(descriptor, 0);
      close(descriptor);
    }
  return rmdir(folder) == 0;
}

void onSignal(int signal) {
  if (pauses) {
    waiting = signal;
    return;
  }
  // Folders may lie in each other, in any order.
  for (bool again = true; again;) {
    again = false;
    for (const Slot &slot : slots)
      again |= remove(slot);
  }
  for (size_t i = 0; i < handled.size(); ++i)
    sigaction(handled[i], &before[i], nullptr);
  raise(signal); // once more, for whoever handled it before
}

/// Signals that the process ignores stay ignored.
void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action{};
    action.sa_handler = onSignal;
    sigemptyset(&action.sa_mask);
    for (int signal : handled)
      sigaddset(&action.sa_mask, signal);
    for (size_t i = 0; i < handled.size(); ++i)
      if (sigaction(handled[i], nullptr, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
        sigaction(handled[i], &action, nullptr);
  });
}

} // namespace

InterruptMark::InterruptMark(llvm::StringRef folder, Extent extent) {
  install();
  char *copy = ::strdup(folder.str().c_str());
  for (size_t i = 0; copy && i < slots.size(); ++i) {
    char *none = nullptr;
    if (!slots[i].folder.compare_exchange_strong(none, copy))
      continue;
    slots[i].withContents = extent == WithContents;
    number = i;
    return;
  }
  std::free(copy);
}

InterruptMark::InterruptMark(InterruptMark &&other) : number(std::exchange(other.number, -1)) {}

InterruptMark &InterruptMark::operator=(InterruptMark &&other) {
  std::swap(number, other.number);
  return *this;
}

InterruptMark::~InterruptMark() {
  if (number < 0)
    return;
  slots[number].withContents = false;
  std::free(slots[number].folder.exchange(nullptr));
}

InterruptPause::InterruptPause() { ++pauses; }

InterruptPause::~InterruptPause() {
  if (--pauses == 0)
    if (int signal = waiting.exchange(0))
      raise(signal);
}
