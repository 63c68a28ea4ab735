/// Which keys a tile of queries needs under an additive mask that is only known when the
/// kernel runs: causal masks made of positions, padding, sliding windows.
#pragma once

#include "passes/CPU/Utils/KernelBuilder.h"

namespace pleat {

/// Keys [begin, end) of a head; `begin` is a multiple of kTokenPanel.
struct KeyRange {
  mlir::Value begin, end;
};

/// Emits a search for the keys below `end` outside of which the mask hides everything from
/// all of a tile's queries. `rows` are the element offsets in `mask` of each query's row.
///
/// Hidden keys have a mask of at most -1e9, and the range is narrowed only where each query
/// also has one above -5e8: hidden probabilities are then 0 to the last bit, as long as
/// scores stay within +-1e8, and leaving them out changes nothing.
KeyRange emitVisibleKeys(KernelBuilder &builder, mlir::Value mask, llvm::ArrayRef<mlir::Value> rows,
                         mlir::Value end);

/// Elements of f32 memory that a stored range takes.
inline constexpr int64_t kKeyRangeFloats = 2;

/// Keeps a range in f32 memory, as the bits of two integers below 2^31.
void storeKeyRange(KernelBuilder &builder, const KeyRange &range, mlir::Value memory, mlir::Value offset);
KeyRange loadKeyRange(KernelBuilder &builder, mlir::Value memory, mlir::Value offset);

} // namespace pleat
