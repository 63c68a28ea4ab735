/// The loops of a product of rows with a matrix stored in panels of 16 columns: which tile
/// computes what, in which order, and what is prefetched meanwhile.
///
/// One function serves every number of rows. Up to six rows stream the weights past one
/// row tile, several panels at a time; more rows are cut into balanced tiles of up to six,
/// blocks of tiles walk the panels, and the next panel is prefetched bit by bit.
#pragma once

#include "passes/CPU/IsaLevel.h"
#include "passes/CPU/Utils/RegisterTile.h"

#include <functional>

namespace pleat {

/// Columns of a stored panel.
inline constexpr int64_t kPanelColumns = 16;

/// A product's sizes, and how its rows and columns are read and written.
struct PanelProduct {
  mlir::Value rows;   ///< index; may be 0
  int64_t depth;      ///< K
  int64_t columns;    ///< N
  mlir::Value a;      ///< flat memory of the left rows, elements of a row adjacent
  mlir::Value panels; ///< flat memory: [ceil(N/16)][K][16]
  mlir::Value panelsOffset;
  mlir::Value part, parts;

  /// The element offset in `a` at which a row begins.
  std::function<mlir::Value(KernelBuilder &, mlir::Value row)> rowOffset;
  /// The first value of an accumulator; lanes at or beyond `count` do not matter.
  std::function<mlir::Value(KernelBuilder &, mlir::Value column, mlir::Value count)> initial;
  /// Loads and stores partial sums between blocks of k, and stores finished sums.
  std::function<mlir::Value(KernelBuilder &, mlir::Value row, mlir::Value column, mlir::Value count)> reload;
  std::function<void(KernelBuilder &, mlir::Value row, mlir::Value column, int64_t count, mlir::Value sums)>
      spill;
  std::function<void(KernelBuilder &, mlir::Value row, mlir::Value column, int64_t count, mlir::Value sums)>
      finish;
};

/// Emits the product at the builder's insertion point.
void emitPanelProduct(KernelBuilder &builder, const PanelProduct &product, const LevelInfo &level);

} // namespace pleat
