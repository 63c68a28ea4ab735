/// LLVM's optimiser and code generator, set up the same way for every model.
#pragma once

#include "compiler/Target/CompileModule.h"

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace pleat {

/// The machine all code is generated for: x86-64 Linux, position-independent, a section for
/// each function. Functions say themselves which processor they are for.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine();

/// Gives `module` the triple and data layout of `machine`.
void adoptMachine(llvm::Module &module, const llvm::TargetMachine &machine);

/// Marks every function of the finished module with what holds for all code of ours:
/// position-independent, never throws, can be unwound. To be called once.
void markFunctions(llvm::Module &module);

/// Runs the O2 pipeline, with the choices that emitted kernels need, and instrumentation.
void optimise(llvm::Module &module, llvm::TargetMachine &machine, Sanitizer sanitizer);

/// Machine code as an object file, or as assembly text.
llvm::Expected<llvm::SmallVector<char, 0>> emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                                    bool assembly);

} // namespace pleat
