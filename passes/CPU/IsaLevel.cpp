// The table of instruction set levels.
#include "passes/CPU/IsaLevel.h"

#include "llvm/ADT/STLExtras.h"

using namespace pleat;

static constexpr LevelInfo kLevels[] = {
    {"x86-64-v3", "_v3", "x86-64-v3", "", 1, 8, 16, false},
    {"x86-64-v4", "_v4", "x86-64-v4", "", 2, 16, 32, false},
    {"x86-64-v4-amx", "_v4amx", "x86-64-v4", "+amx-tile,+amx-bf16", 3, 16, 32, true},
};

llvm::ArrayRef<LevelInfo> pleat::allLevels() { return kLevels; }

const LevelInfo *pleat::findLevel(llvm::StringRef name) {
  const LevelInfo *found = llvm::find_if(kLevels, [&](const LevelInfo &level) { return level.name == name; });
  return found == std::end(kLevels) ? nullptr : found;
}
