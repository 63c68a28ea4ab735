// Which symbols a model shows: the runtime's entries under the model's name, nothing else.
#include "compiler/Target/LinkRuntime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;
using namespace pleat;

/// Removes what tells about the machine of a build, and what could differ from `like`.
static void removeOrigin(Module &module, const Module &like) {
  StripDebugInfo(module);
  for (StringRef name : {"llvm.ident", "llvm.module.flags", "llvm.commandline"})
    if (NamedMDNode *metadata = module.getNamedMetadata(name))
      module.eraseNamedMetadata(metadata);
  module.setSourceFileName(like.getSourceFileName());
  module.setTargetTriple(like.getTargetTriple());
  module.setDataLayout(like.getDataLayout());
}

/// What the runtime does once a load or a run is small beside the kernels: it gives way.
static void preferSize(Module &runtime) {
  for (Function &function : runtime)
    if (!function.isDeclaration())
      function.addFnAttr(Attribute::OptimizeForSize);
}

/// A definition that both modules have, which would be a mistake of ours; or "".
static StringRef collision(const Module &module, const Module &runtime) {
  for (const GlobalValue &value : runtime.global_values()) {
    const GlobalValue *other = module.getNamedValue(value.getName());
    if (!value.hasLocalLinkage() && !value.isDeclaration() && other && !other->isDeclaration())
      return value.getName();
  }
  return "";
}

/// Links `runtime` into `module` and returns the names of all that it brought, sorted.
static Expected<std::vector<std::string>> linkInto(Module &module, std::unique_ptr<Module> runtime) {
  StringSet<> before;
  for (const GlobalValue &value : module.global_values())
    if (!value.isDeclaration())
      before.insert(value.getName());
  if (Linker::linkModules(module, std::move(runtime)))
    return createStringError("the runtime and the model do not link");
  std::vector<std::string> brought;
  for (const GlobalValue &value : module.global_values())
    if (!value.isDeclaration() && !before.contains(value.getName()))
      brought.push_back(value.getName().str());
  sort(brought);
  return brought;
}

/// Gives the entries of `module` the name of the model; returns them, sorted.
static std::vector<std::string> renameEntries(Module &module, StringRef name) {
  std::vector<std::string> exports;
  for (Function &function : module) {
    StringRef entry = function.getName();
    if (function.isDeclaration() || !entry.consume_front(kEntryPrefix))
      continue;
    function.setName(name + "_" + entry);
    exports.push_back(function.getName().str());
  }
  sort(exports);
  return exports;
}

Expected<LinkedNames> pleat::linkRuntime(Module &module, StringRef bitcode, StringRef name) {
  Expected<std::unique_ptr<Module>> runtime =
      parseBitcodeFile(MemoryBufferRef(bitcode, "runtime"), module.getContext());
  if (!runtime)
    return runtime.takeError();
  removeOrigin(**runtime, module);
  preferSize(**runtime);
  if (StringRef both = collision(module, **runtime); !both.empty())
    return createStringError("the symbol '" + both + "' belongs to the runtime and to the model");

  LinkedNames names;
  Expected<std::vector<std::string>> brought = linkInto(module, std::move(*runtime));
  if (!brought)
    return brought.takeError();
  names.runtime = std::move(*brought);
  names.exports = renameEntries(module, name);
  StringSet<> shown;
  shown.insert_range(names.exports);
  internalizeModule(module, [&](const GlobalValue &value) { return shown.contains(value.getName()); });
  return names;
}
