/// The loops of attention over one (batch, head) after the other: whole rows of scores in
/// scratch, softmax over them, and the product with the values.
///
/// Tiles of six queries share one pass over the keys, which are packed into panels of 16
/// tokens first. Fewer than four queries read the keys as they lie, one query at a time.
#pragma once

#include "passes/CPU/IsaLevel.h"
#include "passes/CPU/Utils/FrameValues.h"

namespace pleat {

/// A tensor B x H x tokens x D in flat memory; strides in elements, that of D is 1.
struct HeadedTensor {
  mlir::Value memory, offset, batchStride, headStride, tokenStride;
};

/// One attention. `queries` and `tokens` are sizes along S and T.
struct AttentionProblem {
  HeadedTensor query, key, value, result;
  std::optional<HeadedTensor> mask; ///< tokens of S; 0 strides where broadcast
  bool maskHasColumns = false;      ///< the mask differs along T
  bool sharesKeyRanges = false;     ///< and not along H; scratch has room for the keys of each tile
  mlir::Value batches, queries, tokens;
  int64_t heads, headsPerKey; ///< H and H / Hkv
  int64_t keySize, valueSize; ///< D and Dv
  float scale;
  bool isCausal, maskedRowsZero;
  mlir::Value scratch; ///< flat memory of attentionScratchFloats elements
  mlir::Value part, parts;
};

/// Query rows of a tile; each needs a row of scores.
inline constexpr int64_t kQueryTile = 6;
/// Tokens of a packed panel of keys; rows of scores are a multiple of it.
inline constexpr int64_t kTokenPanel = 16;

/// Emits the attention at the builder's insertion point.
void emitAttentionLoops(KernelBuilder &builder, const AttentionProblem &problem, const LevelInfo &level);

} // namespace pleat
