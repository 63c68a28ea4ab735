/// Blocks are as large as their strip may be for the cache that it is meant for; tiles come
/// from a small model of loads, multiplications and latency.
#include "passes/CPU/EmitConv/ConvPlan.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace pleat;

// The strip of a dense block is read once for each tile of channels: a part of L2. That of
// a depthwise one is read once, right after it was written: a part of L1.
static constexpr int64_t kDenseStripBytes = 192 * 1024;
static constexpr int64_t kDepthwiseStripBytes = 24 * 1024;
// Columns that a block has at most; also where the number of columns is not known.
static constexpr int64_t kMaxColumns = 512;
static constexpr int64_t kUnknownColumns = 128;
// Rows of a block where their number is not known.
static constexpr int64_t kUnknownRows = 8;
// Up to here an input without padding is read so few times that copying it gains nothing.
static constexpr int64_t kFewChannels = 32;
// Lanes of the widest level: strips are laid out alike for all of them.
static constexpr int64_t kMaxLanes = 16;

/// The largest part of `size` not above `limit` into which it divides evenly, in whole vectors.
static int64_t balanced(int64_t size, int64_t limit) {
  int64_t blocks = llvm::divideCeil(size, limit);
  return blocks == 1 ? size : llvm::alignTo(llvm::divideCeil(size, blocks), kMaxLanes);
}

static int64_t stripRowsFor(const ConvShape &shape, int64_t rows) {
  return (rows - 1) * shape.strides[0] + shape.reach(0) + 1;
}

/// Copying stores whole vectors, and tiles read them: both may pass a row's end by a vector.
static int64_t stripColumnsFor(const ConvShape &shape, int64_t columns) {
  return llvm::alignTo(columns + shape.reach(1) / shape.strides[1] + kMaxLanes, kMaxLanes);
}

static int64_t stripBytesFor(const ConvShape &shape, int64_t rows, int64_t columns) {
  // A depthwise block has one channel, like a group.
  return shape.inputs * stripRowsFor(shape, rows) * shape.strides[1] * stripColumnsFor(shape, columns) *
         int64_t(sizeof(float));
}

ConvPlan pleat::planConv(const ConvShape &shape) {
  bool isPadded = shape.padsBefore[0] || shape.padsBefore[1] || shape.padsAfter[0] || shape.padsAfter[1];
  ConvPlan plan;
  plan.copies = isPadded || shape.strides[1] != 1 || (!shape.isDepthwise() && shape.outputs > kFewChannels);
  int64_t budget = shape.isDepthwise() ? kDepthwiseStripBytes : kDenseStripBytes;
  int64_t allRows = shape.rows.value_or(kUnknownRows), allColumns = shape.columns.value_or(kUnknownColumns);
  int64_t rows = 1, columns = balanced(std::max<int64_t>(allColumns, 1), kMaxColumns);
  while (columns > 2 * kMaxLanes && stripBytesFor(shape, 1, columns) > budget)
    columns = llvm::alignTo(llvm::divideCeil(columns, 2), kMaxLanes);
  while (rows < allRows && stripBytesFor(shape, rows + 1, columns) <= budget)
    ++rows;
  plan.blockRows =
      llvm::divideCeil(std::max<int64_t>(allRows, 1), llvm::divideCeil(std::max<int64_t>(allRows, 1), rows));
  plan.blockColumns = columns;
  plan.stripRows = stripRowsFor(shape, plan.blockRows);
  plan.stripColumns = stripColumnsFor(shape, columns);
  plan.stripBytes = plan.copies ? stripBytesFor(shape, plan.blockRows, columns) : 0;
  return plan;
}

// Two fmas or two loads a cycle; an fma waits five cycles for the one before. A vector of
// pixels crosses a cache line every other time. Equal otherwise, fewer loads are better.
static constexpr double kPerCycle = 2, kLatency = 5, kVectorLoad = 1.5, kLoadWeight = 0.1;

/// Relative time of one tile for one step of the sum.
static double stepCost(int64_t lines, int64_t vectors, bool isDepthwise) {
  double products = lines * vectors / kPerCycle;
  double loads = (isDepthwise ? lines * vectors : lines + kVectorLoad * vectors) / kPerCycle;
  return std::max({products, loads, kLatency}) + kLoadWeight * loads;
}

/// Relative time of all tiles of a block for one step of the sum. Lines are divided evenly
/// among tiles, vectors are not.
static double tilesCost(int64_t lines, int64_t vectors, int64_t allLines, int64_t allVectors,
                        bool isDepthwise) {
  int64_t tiles = llvm::divideCeil(allLines, lines), shorter = allLines / tiles, longer = allLines % tiles;
  int64_t whole = allVectors / vectors, rest = allVectors % vectors;
  auto row = [&](int64_t lines) {
    return whole * stepCost(lines, vectors, isDepthwise) + (rest ? stepCost(lines, rest, isDepthwise) : 0);
  };
  return longer * row(shorter + 1) + (tiles - longer) * row(shorter);
}

ConvTile pleat::chooseConvTile(const ConvShape &shape, const ConvPlan &plan, const LevelInfo &level) {
  int64_t allVectors = llvm::divideCeil(plan.blockColumns, level.lanes);
  int64_t allLines = shape.isDepthwise() ? plan.blockRows : shape.outputs;
  ConvTile best{1, 1};
  double least = -1;
  for (int64_t vectors = 1; vectors <= std::min<int64_t>(allVectors, 4); ++vectors)
    for (int64_t lines = 1; lines <= std::min<int64_t>(allLines, 14); ++lines) {
      int64_t registers = lines * vectors + std::min(lines, vectors) + 1;
      // Unrolled depthwise windows grow with each row.
      bool tooLong = shape.isDepthwise() && lines > 1 && lines * vectors * shape.taps() > 160;
      if (registers > level.vectorRegisters || tooLong)
        continue;
      double cost = tilesCost(lines, vectors, allLines, allVectors, shape.isDepthwise());
      if (least < 0 || cost < least) {
        least = cost;
        best = {lines, vectors};
      }
    }
  return best;
}
