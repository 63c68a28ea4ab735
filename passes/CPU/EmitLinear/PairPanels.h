/// The geometry of weights stored as pairs of bf16 (layouts amx_bf16 and amx_bf16x3), and
/// how such elements become f32.
///
/// A panel holds 32 columns. Per 32 of K it has a block of 1 or 3 parts; a part is two
/// tiles of 16 columns, each 16 lines of 64 bytes: line r holds rows 2r and 2r + 1, pair by
/// pair, the even row in the low half. An element is the sum of its parts.
#pragma once

#include "passes/CPU/Utils/KernelBuilder.h"

#include "dialects/Pleat/IR/PleatDialect.h"

namespace pleat {

/// One stored matrix. Offsets and sizes are in pairs, which are as large as an f32.
struct PairPanels {
  static constexpr int64_t kColumns = 32;    ///< of a panel
  static constexpr int64_t kBlockDepth = 32; ///< k of a block
  static constexpr int64_t kTileColumns = 16;
  static constexpr int64_t kLine = 16; ///< pairs in 64 bytes
  static constexpr int64_t kTile = 16 * kLine;
  static constexpr int64_t kPart = 2 * kTile;

  int64_t depth, columns, parts;

  int64_t blocks() const { return llvm::divideCeil(depth, kBlockDepth); }
  int64_t panels() const { return llvm::divideCeil(columns, kColumns); }
  /// Tiles side by side that hold a column of the matrix.
  int64_t tiles() const { return llvm::divideCeil(columns, kTileColumns); }
  int64_t blockSize() const { return parts * kPart; }
  int64_t panelSize() const { return blocks() * blockSize(); }
  int64_t bytes() const { return panels() * panelSize() * 4; }

  /// The offset of tile column `tile` (which covers columns 16 tile and on) at k = 0.
  mlir::Value tileOffset(KernelBuilder &builder, mlir::Value tile) const {
    mlir::Value two = builder.index(2);
    return builder.add(builder.mul(builder.div(tile, two), panelSize()),
                       builder.mul(builder.rem(tile, two), kTile));
  }
};

/// The number of bf16 parts of an element in `layout`; 0 for layouts of other kinds.
inline int64_t pairParts(Layout layout) {
  return layout == Layout::AmxBf16 ? 1 : layout == Layout::AmxBf16x3 ? 3 : 0;
}

/// The low or the high elements of a vector of pairs, as f32. Pairs are carried as f32 lanes.
mlir::Value widenLow(KernelBuilder &builder, mlir::Value pairs);
mlir::Value widenHigh(KernelBuilder &builder, mlir::Value pairs);

/// The nearest bf16 of each lane, ties to even, in the low half of an i32 vector. NaN stays
/// NaN. Integer arithmetic: the conversion instruction would flush denormals.
mlir::Value roundToBf16(KernelBuilder &builder, mlir::Value vector);

} // namespace pleat
