/// The order in which a product's rows, panels and k are visited, and what of it is one part's share.
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

/// The part of k that one pass over the columns covers.
struct DepthRange {
  mlir::Value begin, end;
  mlir::Value isFirst, isLast; ///< i1
};

/// Rows of the largest register tile: with 16 columns on AVX2 and 64 on AVX-512 it leaves room
/// for the operands of the next step.
inline constexpr int64_t kTileRowsMax = 6;

/// How rows fall into tiles of at most kTileRowsMax: into as few as can be, whose sizes differ by one at
/// most. The longer ones come first.
struct RowTiles {
  mlir::Value count, rows, longer; ///< tiles, rows of the shorter ones, number of longer ones
  mlir::Value blocks, perBlock;    ///< blocks of tiles that stay in L2 while the panels pass; tiles a block
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

/// Cuts `rows` rows, an index value that may be 0.
RowTiles cutRows(KernelBuilder &builder, mlir::Value rows);

/// Runs `body(rows, firstRow, tile)` for the tiles [begin, end): once for each number of rows in the code,
/// and for one of them at each tile.
void forRowTiles(KernelBuilder &builder, const RowTiles &tiles, mlir::Value begin, mlir::Value end,
                 llvm::function_ref<void(int64_t rows, mlir::Value firstRow, mlir::Value tile)> body);

/// Runs `body(range)` for [0, depth), in ranges of `length`.
void forDepthRanges(KernelBuilder &builder, int64_t depth, int64_t length,
                    llvm::function_ref<void(const DepthRange &)> body);

/// The group that is visited next.
struct NextGroup {
  mlir::Value index;
  mlir::Value ahead; ///< how far beyond the current range's begin its k lies
};

/// Runs `body(group, range, next)` for the groups [begin, end) in each of the ranges of k: after the last
/// group comes the first one at the next k.
template <typename Body>
void forGroupsInRanges(KernelBuilder &builder, int64_t units, int64_t size, int64_t depth, int64_t length,
                       mlir::Value begin, mlir::Value end, Body body) {
  forDepthRanges(builder, depth, length, [&](const DepthRange &range) {
    forGroups(builder, units, size, begin, end, [&](const ColumnGroup &group, mlir::Value index) {
      mlir::Value after = builder.add(index, 1);
      mlir::Value isLast = builder.compare(mlir::arith::CmpIPredicate::eq, after, end);
      NextGroup next{builder.select(isLast, begin, after),
                     builder.select(isLast, builder.sub(range.end, range.begin), builder.index(0))};
      body(group, range, next);
    });
  });
}

} // namespace pleat
