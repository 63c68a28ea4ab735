/// Order of work: items (batch, head) are divided among the parts; in each, row tiles of
/// queries make scores, exponentials and outputs before the next tile starts.
#include "passes/CPU/EmitAttention/AttentionCode.h"

#include "passes/CPU/EmitAttention/VisibleKeys.h"
#include "passes/CPU/MathBuilder.h"
#include "passes/CPU/Utils/RegisterTile.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace pleat;

static constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
// Below this many queries, packing the keys costs more than it saves.
static constexpr int64_t kPackedQueries = 4;
// Two multiplications a cycle with a latency of four.
static constexpr int64_t kBusyAccumulators = 8;
// The narrowest vectors that keys and values are read in: those of AVX2.
static constexpr int64_t kLeastLanes = 8;
// Rows whose softmax shares loops: alone, a row's few vectors do not hide the latency of
// its reductions.
static constexpr size_t kSoftmaxRows = 2;

namespace {

/// The element offsets at which one head's tensors begin.
struct Head {
  Value query, key, value, result, mask;
};

/// A query row in work: its number among the queries, where its scores are, and how many
/// keys it sees.
struct QueryRow {
  Value number, scores, limit;
};

class AttentionCode {
public:
  AttentionCode(KernelBuilder &builder, const AttentionProblem &problem, const LevelInfo &level)
      : builder(builder), problem(problem), level(level),
        rowLength(builder.mul(panelsOf(problem.tokens), kTokenPanel)),
        packedKeys(builder.mul(rowLength, kQueryTile)),
        keyRanges(builder.add(packedKeys, builder.mul(rowLength, problem.keySize))) {}

  void emit() {
    Value items = builder.mul(problem.batches, problem.heads);
    auto share = [&](Value part) { return builder.div(builder.mul(items, part), problem.parts); };
    Value begin = share(problem.part), end = share(builder.add(problem.part, 1));
    Value isShort =
        builder.compare(arith::CmpIPredicate::ult, problem.queries, builder.index(kPackedQueries));
    builder.ifElse(
        isShort,
        [&] {
          builder.loop(begin, end, 1, [&](Value item) {
            Head head = headOf(item);
            builder.loop(builder.index(0), problem.queries, 1, [&](Value query) { emitQuery(head, query); });
          });
        },
        [&] { builder.loop(begin, end, 1, [&](Value item) { emitTiles(item, begin); }); });
  }

private:
  Value panelsOf(Value tokens) { return builder.ceilDiv(tokens, builder.index(kTokenPanel)); }

  Head headOf(Value item) {
    Value batch = builder.div(item, builder.index(problem.heads)),
          head = builder.rem(item, builder.index(problem.heads));
    Value keyHead = builder.div(head, builder.index(problem.headsPerKey));
    auto begin = [&](const HeadedTensor &tensor, Value head) {
      Value offset =
          builder.add(builder.mul(batch, tensor.batchStride), builder.mul(head, tensor.headStride));
      return builder.add(offset, tensor.offset);
    };
    return {begin(problem.query, head), begin(problem.key, keyHead), begin(problem.value, keyHead),
            begin(problem.result, head), problem.mask ? begin(*problem.mask, head) : Value()};
  }

  /// How many keys query `number` sees.
  Value limitOf(Value number) {
    if (!problem.isCausal)
      return problem.tokens;
    Value end = builder.add(builder.add(number, problem.tokens), 1);
    return builder.min(builder.subOrZero(end, problem.queries), problem.tokens);
  }

  QueryRow rowOf(Value number, int64_t slot) {
    return {number, builder.mul(rowLength, builder.index(slot)), limitOf(number)};
  }

  void emitTiles(Value item, Value firstItem);
  void emitQuery(const Head &head, Value query);
  void packKeys(const Head &head);
  KeyRange keysOf(const Head &head, ArrayRef<QueryRow> rows);
  KeyRange keysOfTile(const Head &head, ArrayRef<QueryRow> rows, Value startsMask);
  SmallVector<Value> emitPackedScores(const Head &head, ArrayRef<QueryRow> rows, const KeyRange &keys);
  Value emitPlainScores(const Head &head, const QueryRow &row, const KeyRange &keys);
  SmallVector<Value> emitPanelScores(const Head &head, ArrayRef<QueryRow> rows, const KeyRange &keys,
                                     Value panel, int64_t panels, bool areAllSeen, ValueRange maxima);
  Value finishScore(const Head &head, const QueryRow &row, const KeyRange &keys, Value column, Value sum,
                    bool isSeen);
  SmallVector<Value> emitSoftmax(ArrayRef<QueryRow> rows, const KeyRange &keys, ArrayRef<Value> largest);
  void emitOutputs(const Head &head, ArrayRef<QueryRow> rows, const KeyRange &keys, ArrayRef<Value> factors);

  template <typename Body>
  SmallVector<Value> foldScores(ArrayRef<QueryRow> rows, const KeyRange &keys, Value init, Body body);
  /// Where the keys of `keys` that `row` sees end.
  Value endOf(const QueryRow &row, const KeyRange &keys) { return builder.min(row.limit, keys.end); }
  Value maskRow(const Head &head, const QueryRow &row) {
    return builder.add(builder.mul(row.number, problem.mask->tokenStride), head.mask);
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, a, b); }
  Value isMinusInfinity(Value value) {
    Value bound = arith::ConstantOp::create(builder, builder.getF32FloatAttr(kMinusInfinity));
    return arith::CmpFOp::create(builder, arith::CmpFPredicate::OEQ, value, bound);
  }
  Value scalar(float value) { return arith::ConstantOp::create(builder, builder.getF32FloatAttr(value)); }

  KernelBuilder &builder;
  const AttentionProblem &problem;
  const LevelInfo &level;
  Value rowLength;  ///< of a row of scores
  Value packedKeys; ///< offset in scratch: [ceil(T/16)][D][16]
  Value keyRanges;  ///< offset in scratch: [ceil(S/6)][2], integers, where heads share them
};

} // namespace

/// The transpose of a square of lanes: in round s, rows s apart exchange the lanes in whose number bit s is
/// set for those where it is not.
static SmallVector<Value> transpose(KernelBuilder &builder, SmallVector<Value> rows) {
  int64_t lanes = builder.getLanes();
  for (int64_t step = 1; step < lanes; step *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      low.push_back(lane & step ? lanes + lane - step : lane);
      high.push_back(lane & step ? lanes + lane : lane + step);
    }
    for (int64_t row = 0; row < lanes; ++row) {
      if (row & step)
        continue;
      Value first = rows[row], second = rows[row + step];
      rows[row] = vector::ShuffleOp::create(builder, first, second, low);
      rows[row + step] = vector::ShuffleOp::create(builder, first, second, high);
    }
  }
  return rows;
}

/// Copies the keys of one head into panels of 16 tokens. Tokens beyond the last repeat it:
/// their scores are masked, but must not be slow to compute.
void AttentionCode::packKeys(const Head &head) {
  // Square blocks are transposed in registers; what the blocks leave of D goes by elements.
  int64_t block = builder.getLanes();
  while (block > problem.keySize && block > kLeastLanes)
    block /= 2;
  KernelBuilder blocks(builder.getLoc(), builder, block);
  int64_t blocked = problem.keySize / block * block;
  Value lastToken = blocks.sub(problem.tokens, blocks.index(1));
  blocks.loop(blocks.index(0), panelsOf(problem.tokens), 1, [&](Value panel) {
    SmallVector<Value> sources;
    for (int64_t lane = 0; lane < kTokenPanel; ++lane) {
      Value token = blocks.min(blocks.add(blocks.mul(panel, kTokenPanel), lane), lastToken);
      sources.push_back(blocks.add(blocks.mul(token, problem.key.tokenStride), head.key));
    }
    Value target = blocks.add(blocks.mul(panel, kTokenPanel * problem.keySize), packedKeys);
    blocks.loop(blocks.index(0), blocks.index(blocked), block, [&](Value d) {
      for (int64_t lane = 0; lane < kTokenPanel; lane += block) {
        SmallVector<Value> rows;
        for (Value source : ArrayRef(sources).slice(lane, block))
          rows.push_back(blocks.load(problem.key.memory, blocks.add(source, d)));
        for (auto [index, row] : llvm::enumerate(transpose(blocks, rows))) {
          Value place = blocks.mul(blocks.add(d, index), kTokenPanel);
          blocks.store(row, problem.scratch, blocks.add(blocks.add(target, place), lane));
        }
      }
    });
    blocks.loop(blocks.index(blocked), blocks.index(problem.keySize), 1, [&](Value d) {
      Value row = blocks.add(blocks.mul(d, kTokenPanel), target);
      for (auto [lane, source] : llvm::enumerate(sources)) {
        Value element = blocks.loadScalar(problem.key.memory, blocks.add(source, d));
        blocks.storeScalar(element, problem.scratch, blocks.add(row, lane));
      }
    });
  });
}

/// The keys that a tile of queries needs; its last row sees the most.
KeyRange AttentionCode::keysOf(const Head &head, ArrayRef<QueryRow> rows) {
  Value limit = rows.back().limit;
  if (!problem.mask || !problem.maskHasColumns)
    return {builder.index(0), limit};
  SmallVector<Value> maskRows;
  for (const QueryRow &row : rows)
    maskRows.push_back(maskRow(head, row));
  return emitVisibleKeys(builder, problem.mask->memory, maskRows, limit);
}

/// As `keysOf`; where heads share ranges, searched for the first head and kept for the others.
KeyRange AttentionCode::keysOfTile(const Head &head, ArrayRef<QueryRow> rows, Value startsMask) {
  if (!problem.sharesKeyRanges)
    return keysOf(head, rows);
  Value tile = builder.div(rows.front().number, builder.index(kQueryTile));
  Value place = builder.add(keyRanges, builder.mul(tile, kKeyRangeFloats));
  builder.ifElse(
      startsMask, [&] { storeKeyRange(builder, keysOf(head, rows), problem.scratch, place); }, [] {});
  return loadKeyRange(builder, problem.scratch, place);
}

/// Folds `body(row, column, mask, sum)` over the vectors of scores of `keys`, for all rows in
/// one loop; `mask` is null where every row sees every lane.
template <typename Body>
SmallVector<Value> AttentionCode::foldScores(ArrayRef<QueryRow> rows, const KeyRange &keys, Value init,
                                             Body body) {
  int64_t lanes = builder.getLanes();
  // The first row sees the fewest keys.
  Value seen = builder.mul(builder.div(endOf(rows.front(), keys), builder.index(lanes)), lanes);
  SmallVector<Value> sums(rows.size(), init);
  sums = builder.loop(keys.begin, seen, lanes, sums, [&](Value column, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [row, sum] : llvm::zip(rows, carried))
      next.push_back(body(row, column, Value(), sum));
    return next;
  });
  Value rest = builder.max(seen, keys.begin);
  return builder.loop(rest, keys.end, lanes, sums, [&](Value column, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [row, sum] : llvm::zip(rows, carried))
      next.push_back(body(row, column, builder.mask(builder.subOrZero(endOf(row, keys), column)), sum));
    return next;
  });
}

/// What the softmax of `row` takes at `column`: the products `sum` scaled, with the mask added, and minus
/// infinity where the row sees no key (nowhere, if `isSeen`).
Value AttentionCode::finishScore(const Head &head, const QueryRow &row, const KeyRange &keys, Value column,
                                 Value sum, bool isSeen) {
  Value scale = builder.splat(problem.scale);
  Value count = isSeen ? Value() : builder.subOrZero(endOf(row, keys), column);
  if (!problem.mask) {
    sum = mul(sum, scale);
  } else if (!problem.maskHasColumns) {
    Value mask = builder.broadcast(builder.loadScalar(problem.mask->memory, maskRow(head, row)));
    sum = builder.fma(sum, scale, mask);
  } else {
    Value offset = builder.add(maskRow(head, row), column);
    Value mask = isSeen ? builder.load(problem.mask->memory, offset)
                        : builder.load(problem.mask->memory, offset, count);
    sum = builder.fma(sum, scale, mask);
  }
  return isSeen ? sum
                : arith::SelectOp::create(builder, builder.mask(count), sum, builder.splat(kMinusInfinity))
                      .getResult();
}

/// Scores of some panels for a tile of queries, and the larger of `maxima` and them.
SmallVector<Value> AttentionCode::emitPanelScores(const Head &head, ArrayRef<QueryRow> rows,
                                                  const KeyRange &range, Value panel, int64_t panels,
                                                  bool areAllSeen, ValueRange maxima) {
  int64_t vectorsPerPanel = kTokenPanel / builder.getLanes();
  TileOperands operands{problem.query.memory,       problem.scratch,   {}, {}, builder.index(1),
                        builder.index(kTokenPanel), builder.getLanes()};
  for (const QueryRow &row : rows)
    operands.rowOffsets.push_back(
        builder.add(builder.mul(row.number, problem.query.tokenStride), head.query));
  Value keys = builder.add(builder.mul(panel, kTokenPanel * problem.keySize), packedKeys);
  for (int64_t vector = 0; vector < panels * vectorsPerPanel; ++vector)
    operands.columnOffsets.push_back(
        builder.add(keys, vector / vectorsPerPanel * kTokenPanel * problem.keySize +
                              vector % vectorsPerPanel * builder.getLanes()));
  SmallVector<Value> sums(operands.size(), builder.splat(0)), largest(maxima);
  sums = emitTile(builder, operands, builder.index(0), builder.index(problem.keySize), sums);
  Value firstColumn = builder.mul(panel, kTokenPanel);
  for (auto [index, sum] : llvm::enumerate(sums)) {
    int64_t row = index / operands.columnOffsets.size(), vector = index % operands.columnOffsets.size();
    Value column = builder.add(firstColumn, vector * builder.getLanes());
    Value score = finishScore(head, rows[row], range, column, sum, areAllSeen);
    builder.store(score, problem.scratch, builder.add(rows[row].scores, column));
    largest[row] = builder.maxps(score, largest[row]);
  }
  return largest;
}

/// Scores of a range of keys (its end rounded up to a panel) for a tile of queries, and the largest of each
/// row in each lane.
SmallVector<Value> AttentionCode::emitPackedScores(const Head &head, ArrayRef<QueryRow> rows,
                                                   const KeyRange &range) {
  int64_t vectorsPerPanel = kTokenPanel / builder.getLanes();
  int64_t group = std::max<int64_t>(1, (level.vectorRegisters - 4) / (rows.size() * vectorsPerPanel));
  SmallVector<Value> maxima(rows.size(), builder.splat(kMinusInfinity));
  auto scoresOf = [&](int64_t panels, bool areAllSeen) {
    return [&, panels, areAllSeen](Value panel, ValueRange carried) {
      return emitPanelScores(head, rows, range, panel, panels, areAllSeen, carried);
    };
  };
  // The first row sees the fewest keys.
  Value begin = builder.div(range.begin, builder.index(kTokenPanel)), panels = panelsOf(range.end);
  Value seen = builder.div(endOf(rows.front(), range), builder.index(kTokenPanel));
  Value groups = builder.div(builder.subOrZero(seen, begin), builder.index(group));
  Value grouped = builder.add(begin, builder.mul(groups, group));
  maxima = builder.loop(begin, grouped, group, maxima, scoresOf(group, true));
  return builder.loop(grouped, panels, 1, maxima, scoresOf(1, false));
}

/// Scores of one query, key by key as they lie in memory, and the largest in each lane.
Value AttentionCode::emitPlainScores(const Head &head, const QueryRow &row, const KeyRange &keys) {
  int64_t lanes = builder.getLanes();
  Value queryBegin = builder.add(builder.mul(row.number, problem.query.tokenStride), head.query);
  auto countAt = [&](int64_t d) { return std::min(lanes, problem.keySize - d); };
  SmallVector<Value> query;
  for (int64_t d = 0; d < problem.keySize; d += lanes)
    query.push_back(builder.load(problem.query.memory, builder.add(queryBegin, d), countAt(d)));
  builder.loop(keys.begin, keys.end, 1, [&](Value token) {
    Value key = builder.add(builder.mul(token, problem.key.tokenStride), head.key);
    Value sum = builder.splat(0);
    for (auto [index, part] : llvm::enumerate(query)) {
      int64_t d = index * lanes;
      sum = builder.fma(part, builder.load(problem.key.memory, builder.add(key, d), countAt(d)), sum);
    }
    builder.storeScalar(builder.sumOfLanes(sum), problem.scratch, builder.add(row.scores, token));
  });
  auto largest = foldScores(
      row, keys, builder.splat(kMinusInfinity), [&](const QueryRow &, Value column, Value seen, Value max) {
        Value offset = builder.add(row.scores, column);
        Value score = finishScore(head, row, keys, column, builder.load(problem.scratch, offset), !seen);
        builder.store(score, problem.scratch, offset);
        return builder.maxps(score, max);
      });
  return largest.front();
}

/// Turns the scores of `keys` into exponentials (0 beyond what a row sees) and returns the
/// factors that make each row's sum one. `largest`: of each row's scores in each lane.
///
/// Reductions over lanes are chains of dependent steps: those of all rows stand side by side.
SmallVector<Value> AttentionCode::emitSoftmax(ArrayRef<QueryRow> rows, const KeyRange &keys,
                                              ArrayRef<Value> largest) {
  SmallVector<Value> maxima, bases, sums, factors;
  for (Value lanes : largest)
    maxima.push_back(builder.maxOfLanes(lanes));
  for (Value base : maxima) {
    if (problem.maskedRowsZero)
      base = arith::SelectOp::create(builder, isMinusInfinity(base), scalar(0), base);
    bases.push_back(builder.broadcast(base));
  }
  for (size_t first = 0; first < rows.size(); first += kSoftmaxRows) {
    ArrayRef<QueryRow> some = rows.slice(first, std::min<size_t>(kSoftmaxRows, rows.size() - first));
    llvm::append_range(
        sums,
        foldScores(some, keys, builder.splat(0), [&](const QueryRow &row, Value column, Value, Value sum) {
          Value offset = builder.add(row.scores, column);
          // Subtracted before scaling: masks of -3.4e38 would overflow the other way round.
          Value base = bases[&row - rows.data()];
          Value distance = arith::SubFOp::create(builder, builder.load(problem.scratch, offset), base);
          Value power = buildExpFlushed(builder, builder.getLoc(), distance);
          builder.store(power, problem.scratch, offset);
          return add(sum, power);
        }));
  }
  for (Value &sum : sums)
    sum = builder.sumOfLanes(sum);
  for (auto [max, sum] : llvm::zip(maxima, sums)) {
    Value factor = arith::DivFOp::create(builder, scalar(1), sum);
    if (problem.maskedRowsZero)
      factor = arith::SelectOp::create(builder, isMinusInfinity(max), scalar(0), factor);
    factors.push_back(factor);
  }
  return factors;
}

/// Products of exponentials and values of `keys`, scaled and stored.
void AttentionCode::emitOutputs(const Head &head, ArrayRef<QueryRow> rows, const KeyRange &keys,
                                ArrayRef<Value> factors) {
  // Values that fill half a vector go twice as fast in vectors of half the width.
  int64_t lanes = builder.getLanes();
  while (lanes > kLeastLanes && lanes / 2 >= problem.valueSize)
    lanes /= 2;
  KernelBuilder values(builder.getLoc(), builder, lanes);
  int64_t vectors = llvm::divideCeil(problem.valueSize, lanes);
  int64_t group = std::clamp<int64_t>((level.vectorRegisters - 4) / rows.size(), 1, 8);
  for (int64_t first = 0; first < vectors; first += group) {
    int64_t count = std::min(group, vectors - first);
    int64_t lastCount = std::min(lanes, problem.valueSize - (first + count - 1) * lanes);
    TileOperands operands{problem.scratch, problem.value.memory,      {},       {},
                          values.index(1), problem.value.tokenStride, lastCount};
    for (const QueryRow &row : rows)
      operands.rowOffsets.push_back(row.scores);
    for (int64_t vector = first; vector < first + count; ++vector)
      operands.columnOffsets.push_back(values.add(head.value, vector * lanes));
    while (operands.chains < kTileUnroll && operands.chains * operands.size() < kBusyAccumulators)
      operands.chains *= 2;
    SmallVector<Value> sums(operands.size(), values.splat(0));
    sums = emitTile(values, operands, keys.begin, keys.end, sums);
    for (auto [index, sum] : llvm::enumerate(sums)) {
      int64_t vector = first + index % count;
      Value row = values.mul(rows[index / count].number, problem.result.tokenStride);
      Value offset = values.add(values.add(row, head.result), vector * lanes);
      values.store(arith::MulFOp::create(values, sum, values.broadcast(factors[index / count])),
                   problem.result.memory, offset, std::min(lanes, problem.valueSize - vector * lanes));
    }
  }
}

/// All queries of one item in tiles. The last tile repeats the last query where it has too
/// few: the repeats write the same numbers again.
void AttentionCode::emitTiles(Value item, Value firstItem) {
  Head head = headOf(item);
  // Heads that share keys come one after another.
  Value inGroup = builder.rem(item, builder.index(problem.headsPerKey));
  Value startsKey = builder.compare(arith::CmpIPredicate::eq, inGroup, builder.index(0));
  Value startsPart = builder.compare(arith::CmpIPredicate::eq, item, firstItem);
  Value packs = arith::OrIOp::create(builder, startsKey, startsPart);
  builder.ifElse(packs, [&] { packKeys(head); }, [] {});
  Value inBatch = builder.rem(item, builder.index(problem.heads));
  Value startsBatch = builder.compare(arith::CmpIPredicate::eq, inBatch, builder.index(0));
  Value startsMask = arith::OrIOp::create(builder, startsBatch, startsPart);

  Value lastQuery = builder.sub(problem.queries, builder.index(1));
  builder.loop(builder.index(0), problem.queries, kQueryTile, [&](Value first) {
    SmallVector<QueryRow> rows;
    for (int64_t slot = 0; slot < kQueryTile; ++slot)
      rows.push_back(rowOf(builder.min(builder.add(first, slot), lastQuery), slot));
    KeyRange keys = keysOfTile(head, rows, startsMask);
    SmallVector<Value> largest = emitPackedScores(head, rows, keys);
    emitOutputs(head, rows, keys, emitSoftmax(rows, keys, largest));
  });
}

void AttentionCode::emitQuery(const Head &head, Value query) {
  QueryRow row = rowOf(query, 0);
  KeyRange keys = keysOf(head, row);
  Value largest = emitPlainScores(head, row, keys);
  emitOutputs(head, row, keys, emitSoftmax(row, keys, largest));
}

void pleat::emitAttentionLoops(KernelBuilder &builder, const AttentionProblem &problem,
                               const LevelInfo &level) {
  AttentionCode(builder, problem, level).emit();
}
