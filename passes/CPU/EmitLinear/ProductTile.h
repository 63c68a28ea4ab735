/// One register tile of a product: which rows and columns, where its sums come from and go.
#pragma once

#include "passes/CPU/EmitLinear/PanelProduct.h"
#include "passes/CPU/EmitLinear/ProductWalk.h"

namespace pleat {

/// Columns of the units that ColumnGroup counts here: panels of f32, or tiles of pairs.
inline constexpr int64_t kUnitColumns = 16;

/// `rows` rows times the vectors of a group of 16-column units.
class ProductTile {
public:
  ProductTile(KernelBuilder &builder, const PanelProduct &product, int64_t rows, mlir::Value firstRow,
              const ColumnGroup &group);

  size_t size() const { return rows.size() * columns.size(); }
  size_t rowCount() const { return rows.size(); }
  size_t vectorCount() const { return columns.size(); }
  /// Where row `row` begins in the left operand.
  llvm::ArrayRef<mlir::Value> rowOffsets() const { return offsets; }

  /// The sums before `range`, row by row: the product's initial ones, or those of the range
  /// before.
  llvm::SmallVector<mlir::Value> begin(KernelBuilder &builder, const DepthRange &range) const;
  /// Stores `sums` after `range`: finished, or for the next range.
  void end(KernelBuilder &builder, const DepthRange &range, llvm::ArrayRef<mlir::Value> sums) const;

private:
  mlir::Value available(KernelBuilder &builder, mlir::Value column) const;

  const PanelProduct &product;
  ColumnGroup group;
  llvm::SmallVector<mlir::Value> rows, offsets, columns;
};

} // namespace pleat
