/// One program, cut into modules that can be compiled side by side.
#pragma once

#include "passes/CPU/IsaLevel.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace llvm {
class Module;
}

namespace pleat {

/// Bitcode of one part of a program.
using ProgramPart = llvm::SmallVector<char, 0>;

/// Cuts `module` into the code that every processor runs and the functions of each level;
/// one part each, in this order. What a part uses of another becomes hidden, so that a
/// relocatable link joins them again. Parts depend on the module and the levels alone.
std::vector<ProgramPart> splitLevels(llvm::Module &module, llvm::ArrayRef<const LevelInfo *> levels);

} // namespace pleat
