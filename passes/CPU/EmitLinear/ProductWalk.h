/// The order in which a product's panels are visited, and what of it is one part's share.
#pragma once

#include "passes/CPU/Utils/KernelBuilder.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace pleat {

/// Neighbouring column units (panels, or tiles of 16 columns) that a row tile works on
/// together.
struct ColumnGroup {
  mlir::Value first;      ///< index of its first unit
  int64_t units;          ///< how many
  mlir::Value endsMatrix; ///< i1: whether it holds the last unit
};

inline mlir::Value boolean(KernelBuilder &builder, bool value) {
  return mlir::arith::ConstantIntOp::create(builder, value, 1);
}

/// The first of `items` that belongs to `part`, when they are divided among `parts`.
inline mlir::Value shareBegin(KernelBuilder &builder, mlir::Value items, mlir::Value part,
                              mlir::Value parts) {
  return builder.div(builder.mul(items, part), parts);
}

/// Runs `body(group, index)` for the groups [begin, end) of `size` units each, out of
/// `units`. A last group that holds fewer has a body of its own.
template <typename Body>
void forGroups(KernelBuilder &builder, int64_t units, int64_t size, mlir::Value begin, mlir::Value end,
               Body body) {
  int64_t groups = llvm::divideCeil(units, size), lastUnits = units - (groups - 1) * size;
  builder.loop(begin, end, 1, [&](mlir::Value index) {
    mlir::Value first = builder.mul(index, size);
    mlir::Value isLast =
        groups == 1 ? boolean(builder, true)
                    : builder.compare(mlir::arith::CmpIPredicate::eq, index, builder.index(groups - 1));
    if (lastUnits == size)
      return body(ColumnGroup{first, size, isLast}, index);
    builder.ifElse(
        isLast, [&] { body(ColumnGroup{first, lastUnits, boolean(builder, true)}, index); },
        [&] { body(ColumnGroup{first, size, boolean(builder, false)}, index); });
  });
}

/// Divides `blocks` times `groups` among the parts, blocks outermost, and runs
/// `body(block, groupBegin, groupEnd)` for what is this part's of each block.
template <typename Body>
void forShareOfBlocks(KernelBuilder &builder, mlir::Value blocks, mlir::Value groups, mlir::Value part,
                      mlir::Value parts, Body body) {
  mlir::Value items = builder.mul(blocks, groups);
  mlir::Value firstItem = shareBegin(builder, items, part, parts);
  mlir::Value lastItem = shareBegin(builder, items, builder.add(part, 1), parts);
  builder.loop(builder.div(firstItem, groups), builder.ceilDiv(lastItem, groups), 1, [&](mlir::Value block) {
    mlir::Value base = builder.mul(block, groups);
    body(block, builder.subOrZero(firstItem, base), builder.min(builder.sub(lastItem, base), groups));
  });
}

} // namespace pleat
