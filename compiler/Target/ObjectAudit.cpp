// Trusts the object, not the pipeline that made it.
#include "compiler/Target/ObjectAudit.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace pleat;

/// What of POSIX and Linux the runtime uses, beyond the functions that LLVM knows to be in
/// libc and libm. Sorted.
static constexpr StringLiteral kSystemFunctions[] = {"__errno_location",
                                                     "clock_gettime",
                                                     "close",
                                                     "fstat",
                                                     "madvise",
                                                     "mmap",
                                                     "munmap",
                                                     "open",
                                                     "pread",
                                                     "pthread_attr_destroy",
                                                     "pthread_attr_init",
                                                     "pthread_attr_setstacksize",
                                                     "pthread_cond_broadcast",
                                                     "pthread_cond_destroy",
                                                     "pthread_cond_init",
                                                     "pthread_cond_signal",
                                                     "pthread_cond_wait",
                                                     "pthread_create",
                                                     "pthread_join",
                                                     "pthread_mutex_destroy",
                                                     "pthread_mutex_init",
                                                     "pthread_mutex_lock",
                                                     "pthread_mutex_trylock",
                                                     "pthread_mutex_unlock",
                                                     "sched_yield",
                                                     "strerror_r",
                                                     "syscall",
                                                     "sysconf",
                                                     "vsnprintf"};

static bool isSystemSymbol(StringRef name, const TargetLibraryInfoImpl &libraries, Sanitizer sanitizer) {
  LibFunc function;
  if (libraries.getLibFunc(name, function) || is_contained(kSystemFunctions, name))
    return true;
  if (sanitizer != Sanitizer::None &&
      (name.contains("asan_") || name.contains("tsan_") || name.contains("sanitizer_")))
    return true;
  return name == "_GLOBAL_OFFSET_TABLE_"; // the linker's
}

static Error checkSymbols(const object::ELFObjectFileBase &object, const LinkedNames &names,
                          Sanitizer sanitizer) {
  TargetLibraryInfoImpl libraries(object.makeTriple());
  StringSet<> exported;
  exported.insert_range(names.exports);
  for (const object::ELFSymbolRef &symbol : object.symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (name->empty())
      continue;
    if ((*flags & object::SymbolRef::SF_Undefined) && !isSystemSymbol(*name, libraries, sanitizer))
      return createStringError("the object refers to '" + *name + "', which no system library defines");
    bool shown = (*flags & object::SymbolRef::SF_Global) && !(*flags & object::SymbolRef::SF_Undefined);
    if (shown && sanitizer == Sanitizer::None && !exported.contains(*name))
      return createStringError("the object shows '" + *name +
                               "', which is not part of the model's interface");
  }
  return Error::success();
}

/// The function or variable that a section holds, if it is text or read-only data of one.
static std::optional<StringRef> ownerOf(StringRef section) {
  for (StringRef prefix : {".text.", ".rodata.", ".data.rel.ro."})
    if (section.consume_front(prefix)) {
      section.consume_front(".L");
      section.consume_front("switch.table.");
      return section;
    }
  return std::nullopt;
}

static Expected<uint64_t> modelBytes(const object::ELFObjectFileBase &object, const LinkedNames &names) {
  StringSet<> foreign;
  foreign.insert_range(names.runtime);
  foreign.insert_range(names.exports); // calls of the runtime, inlined or not
  uint64_t bytes = 0;
  for (const object::SectionRef &section : object.sections()) {
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    std::optional<StringRef> owner = ownerOf(*name);
    // Only the runtime's strings have no name of their own, see ModelDescriptor.
    if (owner && !owner->starts_with("str") && !foreign.contains(*owner))
      bytes += section.getSize();
  }
  return bytes;
}

Expected<ObjectAudit> pleat::auditObject(ArrayRef<char> bytes, const LinkedNames &names,
                                         Sanitizer sanitizer) {
  MemoryBufferRef buffer(StringRef(bytes.data(), bytes.size()), "object");
  auto file = object::ObjectFile::createELFObjectFile(buffer);
  if (!file)
    return file.takeError();
  const auto &object = cast<object::ELFObjectFileBase>(**file);
  if (Error error = checkSymbols(object, names, sanitizer))
    return std::move(error);
  Expected<uint64_t> own = modelBytes(object, names);
  if (!own)
    return own.takeError();
  return ObjectAudit{*own};
}
