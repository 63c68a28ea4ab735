/// Windows are unrolled as far as the code stays small; what is broadcast (weights) and what
/// is contiguous (pixels) meet in one fma each.
#include "passes/CPU/EmitConv/ConvTiles.h"

using namespace mlir;
using namespace pleat;

// Taps that are written out one after another.
static constexpr int64_t kUnrolledTaps = 12;
// Channels that a pass of a 1x1 convolution takes.
static constexpr int64_t kChannelUnroll = 4;

/// One place of the window.
struct ConvTiles::Tap {
  Value weight; ///< number of the tap
  Value input;  ///< elements from where the window begins
};

Value ConvTiles::weight(Value offset) {
  return builder.broadcast(builder.loadScalar(problem.weights, offset));
}

int64_t ConvTiles::offsetOf(const ColumnSpan &span, int64_t vector) {
  return vector + 1 == span.vectors ? span.lastOffset : vector * builder.getLanes();
}

ConvTiles::Sums ConvTiles::loadVectors(Value offset, const ColumnSpan &span) {
  Sums vectors;
  for (int64_t vector = 0; vector < span.vectors; ++vector) {
    Value at = builder.add(offset, offsetOf(span, vector));
    vectors.push_back(window.isExact ? builder.load(window.memory, at, lanesOf(span))
                                     : builder.load(window.memory, at));
  }
  return vectors;
}

/// The bias of `channels` channels, `copies` times each.
ConvTiles::Sums ConvTiles::initial(Value channel, int64_t channels, int64_t copies) {
  Sums sums;
  for (int64_t line = 0; line < channels; ++line) {
    Value start = problem.bias
                      ? builder.broadcast(builder.loadScalar(problem.bias, builder.add(channel, line)))
                      : builder.splat(problem.start());
    sums.append(copies, start);
  }
  return sums;
}

ConvTiles::Tap ConvTiles::tapAt(Value row, Value column) {
  Value below = builder.mul(builder.mul(row, shape.dilations[0]), window.rowStride);
  Value step = builder.mul(column, shape.dilations[1]), stride = builder.index(shape.strides[1]);
  Value right = builder.div(step, stride);
  if (window.remainderStride)
    right = builder.add(right, builder.mul(builder.rem(step, stride), window.remainderStride));
  return {builder.add(builder.mul(row, shape.kernel[1]), column), builder.add(below, right)};
}

/// Runs `step` for each tap; taps that are not written out are loops.
ConvTiles::Sums ConvTiles::overTaps(Sums sums, function_ref<void(const Tap &, Sums &)> step) {
  int64_t height = shape.kernel[0], width = shape.kernel[1];
  auto overRow = [&](Value row, Sums sums) -> Sums {
    if (width <= kUnrolledTaps) {
      for (int64_t column = 0; column < width; ++column)
        step(tapAt(row, builder.index(column)), sums);
      return sums;
    }
    return builder.loop(builder.index(0), builder.index(width), 1, sums,
                        [&](Value column, ValueRange carried) {
                          Sums next(carried);
                          step(tapAt(row, column), next);
                          return next;
                        });
  };
  if (height == 1 || (width <= kUnrolledTaps && height * width <= kUnrolledTaps)) {
    for (int64_t row = 0; row < height; ++row)
      sums = overRow(builder.index(row), sums);
    return sums;
  }
  return builder.loop(builder.index(0), builder.index(height), 1, sums,
                      [&](Value row, ValueRange carried) { return overRow(row, Sums(carried)); });
}

Value ConvTiles::inputOffset(Value row, const ColumnSpan &span) {
  Value line = builder.mul(builder.mul(row, shape.strides[0]), window.rowStride);
  return builder.add(builder.add(window.origin, line), span.first);
}

/// The operands of the longer side are used once each, right after their load, so that only
/// the shorter side's are held in registers.
void ConvTiles::denseStep(Value weights, Value input, int64_t channels, const ColumnSpan &span, Sums &sums) {
  int64_t width = span.vectors;
  auto weightOf = [&](int64_t line) { return weight(builder.add(weights, line * shape.depth())); };
  auto multiply = [&](int64_t line, int64_t vector, Value factor, Value pixels) {
    Value &sum = sums[line * width + vector];
    sum = builder.fma(factor, pixels, sum);
  };
  if (channels < width && !span.count) {
    SmallVector<Value> held;
    for (int64_t line = 0; line < channels; ++line)
      held.push_back(weightOf(line));
    for (int64_t vector = 0; vector < width; ++vector) {
      Value pixels = builder.load(window.memory, builder.add(input, offsetOf(span, vector)));
      for (int64_t line = 0; line < channels; ++line)
        multiply(line, vector, held[line], pixels);
    }
    return;
  }
  Sums pixels = loadVectors(input, span);
  for (int64_t line = 0; line < channels; ++line) {
    Value factor = weightOf(line);
    for (int64_t vector = 0; vector < width; ++vector)
      multiply(line, vector, factor, pixels[vector]);
  }
}

void ConvTiles::emitDense(Value channel, int64_t channels, Value row, const ColumnSpan &span) {
  Value firstChannel = builder.add(builder.mul(block.group, shape.outputs), channel);
  Value weights = builder.mul(firstChannel, shape.depth());
  Value input = inputOffset(row, span);
  // Both offsets are carried, behind the sums: computed from the channel, one would be made
  // of the other, and the registers of what is loaded through the first would run out.
  Sums state = initial(firstChannel, channels, span.vectors);
  state.append({weights, input});
  int64_t unroll = shape.taps() == 1 ? kChannelUnroll : 1, whole = shape.inputs / unroll * unroll;
  auto overChannels = [&](int64_t from, int64_t to, int64_t unroll) {
    state =
        builder.loop(builder.index(from), builder.index(to), unroll, state, [&](Value, ValueRange carried) {
          Value plane = carried.back(), channelWeights = carried.drop_back().back();
          Sums next(carried.drop_back(2));
          for (int64_t ahead = 0; ahead < unroll; ++ahead) {
            next = overTaps(next, [&](const Tap &tap, Sums &sums) {
              denseStep(builder.add(channelWeights, tap.weight), builder.add(plane, tap.input), channels,
                        span, sums);
            });
            channelWeights = builder.add(channelWeights, shape.taps());
            plane = builder.add(plane, window.channelStride);
          }
          next.append({channelWeights, plane});
          return next;
        });
  };
  if (whole > 0)
    overChannels(0, whole, unroll);
  if (whole < shape.inputs)
    overChannels(whole, shape.inputs, 1);
  ArrayRef<Value> sums = ArrayRef(state).drop_back(2);
  for (int64_t line = 0; line < channels; ++line)
    store(builder.add(firstChannel, line), row, span, sums.slice(line * span.vectors, span.vectors));
}

/// Folds one tap's pixels into the results of one row.
void ConvTiles::foldTap(Value weightOffset, ArrayRef<Value> pixels, MutableArrayRef<Value> sums) {
  Value factor = shape.fold == WindowFold::Product ? weight(weightOffset) : Value();
  for (auto [pixel, sum] : llvm::zip(pixels, sums)) {
    switch (shape.fold) {
    case WindowFold::Product:
      sum = builder.fma(factor, pixel, sum);
      break;
    case WindowFold::Max:
      sum = arith::MaximumFOp::create(builder, pixel, sum);
      break;
    case WindowFold::Sum:
      sum = arith::AddFOp::create(builder, sum, pixel);
      break;
    }
  }
}

/// Goes over the input rows under all windows, so that each vector is loaded once for the
/// rows of results that it belongs to. Each result still meets its taps in order.
void ConvTiles::depthwiseUnrolled(Value weights, Value input, int64_t rows, const ColumnSpan &span,
                                  Sums &sums) {
  int64_t inputRows = (rows - 1) * shape.strides[0] + shape.reach(0) + 1;
  for (int64_t inputRow = 0; inputRow < inputRows; ++inputRow)
    for (int64_t column = 0; column < shape.kernel[1]; ++column) {
      Sums pixels;
      Value right = tapAt(builder.index(0), builder.index(column)).input;
      for (int64_t row = 0; row < rows; ++row) {
        int64_t below = inputRow - row * shape.strides[0];
        if (below < 0 || below > shape.reach(0) || below % shape.dilations[0] != 0)
          continue;
        if (pixels.empty())
          pixels = loadVectors(
              builder.add(input, builder.add(builder.mul(window.rowStride, inputRow), right)), span);
        int64_t tap = below / shape.dilations[0] * shape.kernel[1] + column;
        foldTap(builder.add(weights, tap), pixels,
                MutableArrayRef(sums).slice(row * span.vectors, span.vectors));
      }
    }
}

void ConvTiles::emitDepthwise(Value row, int64_t rows, const ColumnSpan &span) {
  Value weights = builder.mul(block.group, shape.taps());
  Value input = inputOffset(row, span);
  Sums sums = initial(block.group, 1, rows * span.vectors);
  if (rows > 1) {
    depthwiseUnrolled(weights, input, rows, span, sums);
  } else {
    sums = overTaps(sums, [&](const Tap &tap, Sums &next) {
      foldTap(builder.add(weights, tap.weight), loadVectors(builder.add(input, tap.input), span), next);
    });
  }
  for (int64_t line = 0; line < rows; ++line)
    store(block.group, builder.add(row, line), span, ArrayRef(sums).slice(line * span.vectors, span.vectors));
}

void ConvTiles::store(Value channel, Value row, const ColumnSpan &span, ArrayRef<Value> sums) {
  const ConvTensor &result = problem.result;
  Value resultRow = builder.add(block.firstRow, row), first = builder.add(block.firstColumn, span.first);
  Value offset = builder.add(result.offset, builder.mul(block.image, result.imageStride));
  offset = builder.add(offset, builder.mul(channel, result.channelStride));
  offset = builder.add(offset, builder.add(builder.mul(resultRow, result.rowStride), first));
  for (int64_t vector = 0; vector < span.vectors; ++vector) {
    int64_t lane = offsetOf(span, vector);
    Value count = lanesOf(span);
    Value value = problem.epilogue(builder, block.image, channel, resultRow, builder.add(first, lane), count,
                                   sums[vector]);
    builder.store(value, result.memory, builder.add(offset, lane), count);
  }
}
