/// Only the last unit of a matrix can be partial, and which tile has it is known late: its
/// stores have code of their own.
#include "passes/CPU/EmitLinear/ProductTile.h"

using namespace mlir;
using namespace pleat;

ProductTile::ProductTile(KernelBuilder &builder, const PanelProduct &product, int64_t rowCount,
                         Value firstRow, const ColumnGroup &group)
    : product(product), group(group) {
  for (int64_t row = 0; row < rowCount; ++row) {
    rows.push_back(builder.add(firstRow, row));
    offsets.push_back(product.rowOffset(builder, rows.back()));
  }
  Value first = builder.mul(group.first, kUnitColumns);
  for (int64_t column = 0; column < group.units * kUnitColumns; column += builder.getLanes())
    columns.push_back(builder.add(first, column));
}

/// Columns of the matrix from `column` on.
Value ProductTile::available(KernelBuilder &builder, Value column) const {
  if (product.columns % kUnitColumns == 0)
    return builder.index(builder.getLanes());
  return builder.subOrZero(builder.index(product.columns), column);
}

SmallVector<Value> ProductTile::begin(KernelBuilder &builder, const DepthRange &range) const {
  SmallVector<Type> types(size(), builder.vectorType());
  auto initial = [&] {
    // One vector a column, shared by the rows.
    SmallVector<Value> first, sums;
    for (Value column : columns)
      first.push_back(product.initial(builder, column, available(builder, column)));
    for (size_t row = 0; row < rows.size(); ++row)
      llvm::append_range(sums, first);
    return sums;
  };
  auto reload = [&] {
    SmallVector<Value> sums;
    for (Value row : rows)
      for (Value column : columns)
        sums.push_back(product.reload(builder, row, column, available(builder, column)));
    return sums;
  };
  return builder.ifElse(range.isFirst, types, initial, reload);
}

void ProductTile::end(KernelBuilder &builder, const DepthRange &range, ArrayRef<Value> sums) const {
  int64_t lanes = builder.getLanes(), units = llvm::divideCeil(product.columns, kUnitColumns);
  int64_t left = product.columns - (units - group.units) * kUnitColumns;
  auto storeWith = [&](bool endsMatrix, auto &store) {
    for (auto [index, sum] : llvm::enumerate(sums)) {
      int64_t row = index / columns.size(), column = index % columns.size();
      int64_t count = endsMatrix ? std::min(left - column * lanes, lanes) : lanes;
      if (count > 0)
        store(builder, rows[row], columns[column], count, sum);
    }
  };
  auto store = [&](bool endsMatrix) {
    builder.ifElse(
        range.isLast, [&] { storeWith(endsMatrix, product.finish); },
        [&] { storeWith(endsMatrix, product.spill); });
  };
  bool hasPartial = product.columns % kUnitColumns != 0;
  builder.ifElse(
      hasPartial ? group.endsMatrix : boolean(builder, false), [&] { store(true); }, [&] { store(false); });
}
