// Most kernels have no use for AMX: their code for x86-64-v4-amx is that for x86-64-v4, and
// need not be compiled and shipped twice.
#include "compiler/Target/MergeLevels.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/FunctionComparator.h"

using namespace llvm;
using namespace pleat;

/// Whether code generation differs between two levels only where instructions are asked for
/// by name.
static bool sameProcessor(const LevelInfo &lower, const LevelInfo &higher) {
  return lower.cpu == higher.cpu && lower.lanes == higher.lanes;
}

static Function *definition(Module &module, StringRef kernel, const LevelInfo &level) {
  Function *function = module.getFunction((kernel + level.suffix).str());
  return function && !function->isDeclaration() ? function : nullptr;
}

/// Replaces `extra` by an alias of `kept`.
static void replaceByAlias(Function &extra, Function &kept) {
  std::string name = extra.getName().str();
  GlobalAlias *alias = GlobalAlias::create(extra.getValueType(), 0, GlobalValue::InternalLinkage, "", &kept);
  extra.replaceAllUsesWith(alias);
  extra.eraseFromParent();
  alias->setName(name);
}

void pleat::mergeLevels(Module &module, ArrayRef<const LevelInfo *> levels, ArrayRef<std::string> kernels) {
  GlobalNumberState numbers;
  for (StringRef kernel : kernels)
    for (size_t i = levels.size(); i > 1; --i) { // downwards: what is compared has its own body
      const LevelInfo &lower = *levels[i - 2], &higher = *levels[i - 1];
      Function *kept = definition(module, kernel, lower), *extra = definition(module, kernel, higher);
      if (!kept || !extra || !sameProcessor(lower, higher))
        continue;
      if (FunctionComparator(kept, extra, &numbers).compare() != 0)
        continue;
      numbers.erase(extra);
      replaceByAlias(*extra, *kept);
    }
}
