/// What LLVM is told about the processor each function runs on.
#pragma once

#include "compiler/Target/CompileModule.h"

namespace llvm {
class Module;
} // namespace llvm

namespace pleat {

/// The level of `levels` whose suffix `name` ends in; null for code that every processor runs.
const LevelInfo *levelOf(llvm::StringRef name, llvm::ArrayRef<const LevelInfo *> levels);

/// Gives every function defined in `module` its processor: that of the level in `levels`
/// whose suffix its name ends in, or else baseline x86-64.
void setLevelAttributes(llvm::Module &module, llvm::ArrayRef<const LevelInfo *> levels);

} // namespace pleat
