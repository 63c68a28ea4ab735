/// Kernels whose code a higher level does not change.
#pragma once

#include "passes/CPU/IsaLevel.h"
#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace pleat {

/// Where a kernel's function for one level is the same as for the level before, and LLVM
/// generates code for the same processor, leaves one function and makes the other's name an
/// alias of it. To be called before levels leave marks on functions.
void mergeLevels(llvm::Module &module, llvm::ArrayRef<const LevelInfo *> levels,
                 llvm::ArrayRef<std::string> kernels);

} // namespace pleat
