// Levels do not call each other, so they are where a program comes apart best.
#include "compiler/Target/SplitLevels.h"

#include "compiler/Target/LevelAttributes.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace pleat;

/// The level of a function, or of the function that an alias stands for; null for the rest.
static const LevelInfo *partOf(const GlobalValue &value, ArrayRef<const LevelInfo *> levels) {
  const GlobalObject *object = value.getAliaseeObject();
  return isa_and_nonnull<Function>(object) ? levelOf(object->getName(), levels) : nullptr;
}

/// The parts that use `value`.
static SmallPtrSet<const LevelInfo *, 4> usersOf(const GlobalValue &value,
                                                 ArrayRef<const LevelInfo *> levels) {
  SmallPtrSet<const LevelInfo *, 4> parts;
  SmallVector<const User *> open(value.users());
  while (!open.empty()) {
    const User *user = open.pop_back_val();
    if (const auto *instruction = dyn_cast<Instruction>(user))
      parts.insert(partOf(*instruction->getFunction(), levels));
    else if (const auto *global = dyn_cast<GlobalValue>(user))
      parts.insert(partOf(*global, levels));
    else
      append_range(open, user->users());
  }
  return parts;
}

/// Functions are seen by other parts; of a constant each part has its own copy.
static bool isCopied(const GlobalValue &value) {
  const auto *variable = dyn_cast<GlobalVariable>(&value);
  return variable && variable->isConstant() && variable->hasLocalLinkage();
}

static ProgramPart extract(const Module &module, ArrayRef<const LevelInfo *> levels, const LevelInfo *part) {
  ValueToValueMapTy map;
  std::unique_ptr<Module> clone = CloneModule(module, map, [&](const GlobalValue *value) {
    return isCopied(*value) ? usersOf(*value, levels).contains(part) : partOf(*value, levels) == part;
  });
  ProgramPart bitcode;
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(*clone, stream);
  return bitcode;
}

std::vector<ProgramPart> pleat::splitLevels(Module &module, ArrayRef<const LevelInfo *> levels) {
  for (GlobalValue &value : module.global_values()) {
    if (value.isDeclaration() || !value.hasLocalLinkage() || isCopied(value))
      continue;
    auto users = usersOf(value, levels);
    users.erase(partOf(value, levels));
    if (users.empty())
      continue;
    value.setLinkage(GlobalValue::ExternalLinkage);
    value.setVisibility(GlobalValue::HiddenVisibility);
  }
  std::vector<ProgramPart> parts{extract(module, levels, nullptr)};
  for (const LevelInfo *level : levels)
    parts.push_back(extract(module, levels, level));
  return parts;
}
