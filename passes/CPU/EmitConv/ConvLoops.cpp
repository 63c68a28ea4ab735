/// The order of blocks and tiles, and how they are divided among the parts: blocks of the
/// result times tiles of channels, the latter innermost, so that a part copies a block's
/// input once.
#include "passes/CPU/EmitConv/ConvTiles.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace pleat;

namespace {

class ConvLoops {
public:
  ConvLoops(KernelBuilder &builder, const ConvProblem &problem, const LevelInfo &level)
      : builder(builder), problem(problem), shape(problem.shape), plan(problem.plan),
        tile(chooseConvTile(shape, plan, level)),
        channelTiles(shape.isDepthwise() ? 1 : llvm::divideCeil(shape.outputs, tile.lines)) {}

  void emit() {
    rowBlocks = builder.ceilDiv(problem.result.rows, builder.index(plan.blockRows));
    columnBlocks = builder.ceilDiv(problem.result.columns, builder.index(plan.blockColumns));
    Value planes = builder.mul(problem.result.images, shape.groups);
    Value blocks = builder.mul(builder.mul(planes, rowBlocks), columnBlocks);
    Value items = builder.mul(blocks, channelTiles), tiles = builder.index(channelTiles);
    Value first = shareOf(items, problem.part), last = shareOf(items, builder.add(problem.part, 1));
    builder.loop(builder.div(first, tiles), builder.ceilDiv(last, tiles), 1, [&](Value number) {
      Value base = builder.mul(number, channelTiles);
      emitBlock(blockAt(number), builder.subOrZero(first, base), builder.min(builder.sub(last, base), tiles));
    });
  }

private:
  Value shareOf(Value items, Value partsBefore) {
    return builder.div(builder.mul(items, partsBefore), problem.parts);
  }

  ConvBlock blockAt(Value number) {
    auto split = [&](Value count) {
      Value rest = builder.rem(number, count);
      number = builder.div(number, count);
      return rest;
    };
    ConvBlock block;
    block.firstColumn = builder.mul(split(columnBlocks), plan.blockColumns);
    block.firstRow = builder.mul(split(rowBlocks), plan.blockRows);
    block.group = split(builder.index(shape.groups));
    block.image = number;
    block.rows = lengthOf(block.firstRow, problem.result.rows, plan.blockRows);
    block.columns = lengthOf(block.firstColumn, problem.result.columns, plan.blockColumns);
    return block;
  }

  /// The length of a block that begins at `first`: a constant where all are alike.
  Value lengthOf(Value first, Value size, int64_t length) {
    std::optional<int64_t> known = getConstantIntValue(size);
    if (known && *known % length == 0)
      return builder.index(length);
    return builder.min(builder.index(length), builder.sub(size, first));
  }

  void emitBlock(const ConvBlock &block, Value firstTile, Value lastTile) {
    ConvWindow window =
        plan.copies ? copyToStrip(builder, problem, block) : windowInPlace(builder, problem, block);
    ConvTiles tiles(builder, problem, block, window);
    if (shape.isDepthwise())
      return emitDepthwise(tiles, block);
    // Tiles of channels are balanced: the first few have one more than the others.
    int64_t channels = shape.outputs / channelTiles, longer = shape.outputs % channelTiles;
    builder.loop(firstTile, lastTile, 1, [&](Value number) {
      Value first = builder.add(builder.mul(number, channels), builder.min(number, builder.index(longer)));
      auto rowsOf = [&](int64_t lines) {
        builder.loop(builder.index(0), block.rows, 1, [&](Value row) {
          forColumns(block, [&](const ColumnSpan &span) { tiles.emitDense(first, lines, row, span); });
        });
      };
      if (longer == 0)
        return rowsOf(channels);
      Value isLonger = builder.compare(arith::CmpIPredicate::ult, number, builder.index(longer));
      builder.ifElse(isLonger, [&] { rowsOf(channels + 1); }, [&] { rowsOf(channels); });
    });
  }

  void emitDepthwise(ConvTiles &tiles, const ConvBlock &block) {
    Value whole = builder.mul(builder.div(block.rows, builder.index(tile.lines)), tile.lines);
    auto rowsOf = [&](Value from, Value to, int64_t lines) {
      builder.loop(from, to, lines, [&](Value row) {
        forColumns(block, [&](const ColumnSpan &span) { tiles.emitDepthwise(row, lines, span); });
      });
    };
    rowsOf(builder.index(0), whole, tile.lines);
    if (getConstantIntValue(whole) != getConstantIntValue(block.rows) || !getConstantIntValue(whole))
      rowsOf(whole, block.rows, 1);
  }

  /// Runs `body` for spans that cover the block's columns. The last vector is moved back to
  /// end with the block, where there is room: its first columns are computed twice.
  void forColumns(const ConvBlock &block, function_ref<void(const ColumnSpan &)> body) {
    int64_t lanes = builder.getLanes(), length = tile.vectors * lanes;
    std::optional<int64_t> columns = getConstantIntValue(block.columns);
    if (!columns)
      return forUnknownColumns(block.columns, body);
    if (*columns < lanes)
      return body({builder.index(0), 1, 0, block.columns});
    int64_t whole = *columns / length * length, rest = *columns - whole;
    if (whole > 0)
      builder.loop(builder.index(0), builder.index(whole), length,
                   [&](Value first) { body(wholeSpan(first)); });
    if (rest > 0) {
      int64_t vectors = (rest + lanes - 1) / lanes, first = std::min(whole, *columns - lanes);
      body({builder.index(first), vectors, *columns - lanes - first, Value()});
    }
  }

  ColumnSpan wholeSpan(Value first) {
    return {first, tile.vectors, (tile.vectors - 1) * builder.getLanes(), Value()};
  }

  void forUnknownColumns(Value columns, function_ref<void(const ColumnSpan &)> body) {
    int64_t lanes = builder.getLanes(), length = tile.vectors * lanes;
    Value isLong = builder.compare(arith::CmpIPredicate::uge, columns, builder.index(length));
    builder.ifElse(
        isLong,
        [&] {
          Value last = builder.subOrZero(columns, builder.index(length));
          builder.loop(builder.index(0), columns, length,
                       [&](Value first) { body(wholeSpan(builder.min(first, last))); });
        },
        [&] {
          builder.loop(builder.index(0), columns, lanes,
                       [&](Value first) { body({first, 1, 0, builder.sub(columns, first)}); });
        });
  }

  KernelBuilder &builder;
  const ConvProblem &problem;
  const ConvShape &shape;
  const ConvPlan &plan;
  ConvTile tile;
  int64_t channelTiles;
  Value rowBlocks, columnBlocks;
};

} // namespace

void pleat::emitConvLoops(KernelBuilder &builder, const ConvProblem &problem, const LevelInfo &level) {
  ConvLoops(builder, problem, level).emit();
}
