/// Activations as bf16 tiles in scratch: the left operand of tile products.
#pragma once

#include "passes/CPU/EmitLinear/PairPanels.h"
#include "passes/CPU/EmitLinear/PanelProduct.h"

namespace pleat {

/// Rows in the order [row tile of 16][block of 32 k][part][16][32] of bf16; rows and k that
/// do not exist are zero.
struct RoundedRows {
  static constexpr int64_t kTileRows = 16;
  static constexpr int64_t kTileElements = kTileRows * PairPanels::kBlockDepth;

  const PairPanels &weights;
  mlir::Value bits;  ///< flat i16 memory, to write
  mlir::Value tiles; ///< the same as bf16, to load tiles from

  /// Elements of one row tile.
  int64_t tileSize() const { return weights.blocks() * weights.parts * kTileElements; }
  /// The offset of a part of a block of a row tile.
  mlir::Value offset(KernelBuilder &builder, mlir::Value tile, mlir::Value block, int64_t part) const;

  /// Rounds `count` rows of the product from `first` on, each into as many parts as the
  /// weights have; a part is the rounded remainder of those before it. The remainder of an
  /// infinity is zero.
  void fill(KernelBuilder &builder, const PanelProduct &product, mlir::Value first, mlir::Value count) const;

private:
  void fillBlock(KernelBuilder &builder, const PanelProduct &product, mlir::Value rowOffset, mlir::Value to,
                 mlir::Value block, int64_t depth) const;
};

} // namespace pleat
