/// A convolution as its code sees it: sizes and strides as values, epilogue as a callback.
#pragma once

#include "passes/CPU/EmitConv/ConvPlan.h"
#include "passes/CPU/Utils/Elementwise.h"
#include "passes/CPU/Utils/KernelBuilder.h"

#include <functional>
#include <limits>

namespace pleat {

/// A tensor [image][channel][row][column] with adjacent columns.
struct ConvTensor {
  mlir::Value memory, offset; ///< flat memory; elements before the first
  mlir::Value imageStride, channelStride, rowStride;
  mlir::Value images, rows, columns; ///< sizes
};

/// One convolution in one machine function.
struct ConvProblem {
  ConvShape shape;
  ConvPlan plan;
  ConvTensor x, result;
  mlir::Value weights; ///< flat memory: [group][output][input][taps]; null for a pooling
  mlir::Value bias;    ///< flat memory, one a channel; null without
  mlir::Value scratch; ///< of this part; null if the plan has no strip
  mlir::Value part, parts;

  /// What windows begin with, beside a bias, and what pads are.
  float start() const {
    return shape.fold == WindowFold::Max ? -std::numeric_limits<float>::infinity() : 0.0f;
  }

  /// The result from its sum at `column` (and the lanes behind it) of `row` in `channel`,
  /// counted over all groups.
  std::function<mlir::Value(KernelBuilder &, mlir::Value image, mlir::Value channel, mlir::Value row,
                            mlir::Value column, mlir::Value count, mlir::Value sum)>
      epilogue;
};

/// One block of the result: all channels of one group (or one channel of a depthwise
/// convolution) on some rows and columns.
struct ConvBlock {
  mlir::Value image, group, firstRow, firstColumn, rows, columns;
};

/// Where a block's input lies: result (row, column) reads, through tap (i, j) of channel c,
///   origin + c channelStride + (row strides[0] + i dilations[0]) rowStride
///     + (j dilations[1] % strides[1]) remainderStride + j dilations[1] / strides[1] + column
/// with rows and columns counted from the block's first.
struct ConvWindow {
  mlir::Value memory, origin, channelStride, rowStride;
  int64_t remainderStride;
  bool isExact; ///< whether a vector may not be read beyond a row's end
};

/// The window of `block` in x itself; only without padding and with column stride 1.
ConvWindow windowInPlace(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block);

/// Copies the input of `block` into the strip and returns the window there.
ConvWindow copyToStrip(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block);

/// Emits the convolution at the builder's insertion point.
void emitConvLoops(KernelBuilder &builder, const ConvProblem &problem, const LevelInfo &level);

} // namespace pleat
