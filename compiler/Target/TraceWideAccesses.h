/// What the thread sanitizer needs to see vector code. For our own tests alone.
#pragma once

#include "llvm/IR/PassManager.h"

namespace pleat {

/// Tells the thread sanitizer's runtime of vector loads and stores: its instrumentation
/// leaves out whatever is wider than 16 bytes. A masked access counts as the lanes whose
/// bits are set, from the first on, which is how kernels use masks.
struct TraceWideAccesses : llvm::PassInfoMixin<TraceWideAccesses> {
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);
  static bool isRequired() { return true; }
};

} // namespace pleat
