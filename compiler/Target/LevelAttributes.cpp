// One module holds the code of all levels; what a function may use follows from its name.
#include "compiler/Target/LevelAttributes.h"

#include "llvm/IR/Module.h"

using namespace llvm;
using namespace pleat;

const LevelInfo *pleat::levelOf(StringRef name, ArrayRef<const LevelInfo *> levels) {
  for (const LevelInfo *level : levels)
    if (name.ends_with(level->suffix))
      return level;
  return nullptr;
}

static void setProcessor(Function &function, const LevelInfo *level) {
  function.addFnAttr("target-cpu", level ? StringRef(level->cpu) : "x86-64");
  function.removeFnAttr("tune-cpu");
  function.removeFnAttr("target-features");
  if (level && !level->features.empty())
    function.addFnAttr("target-features", level->features);
  // LLVM prefers 256 bits for x86-64-v4 out of care for processors that no longer matter.
  if (level && level->lanes == 16) {
    function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr("min-legal-vector-width", "512");
  }
}

void pleat::setLevelAttributes(Module &module, ArrayRef<const LevelInfo *> levels) {
  for (Function &function : module)
    if (!function.isDeclaration())
      setProcessor(function, levelOf(function.getName(), levels));
}
