/// The model's pleat_model_desc as constant data of an LLVM module.
#pragma once

#include "compiler/Target/CompileModule.h"

namespace llvm {
class Module;
} // namespace llvm

namespace pleat {

/// The descriptor, as the runtime's entries refer to it.
inline constexpr llvm::StringLiteral kDescriptorName = "pleat_entry_descriptor";

/// A function that returns the descriptor's address, for tools that load any model.
inline constexpr llvm::StringLiteral kDescribeName = "pleat_entry_describe";

/// `pleat_eval_sizes` as an entry, for models with size expressions: the header's functions
/// for the elements of tensors use it.
inline constexpr llvm::StringLiteral kEvalSizesName = "pleat_entry_eval_sizes";

/// Adds these to `module`, with all that the descriptor points to: names, axes, kernel tables
/// and embedded weights. `kernels` are the names in the order of the table, without a
/// level's suffix. Fails if a function that it must point to has no body.
llvm::Error addModelDescriptor(llvm::Module &module, const ModelInterface &interface,
                               const TargetOptions &options, llvm::ArrayRef<std::string> kernels);

} // namespace pleat
