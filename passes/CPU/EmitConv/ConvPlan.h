/// How a convolution is cut into blocks and register tiles, and whether its input is
/// copied first. Plain numbers, no IR.
#pragma once

#include "passes/CPU/IsaLevel.h"

#include <array>
#include <cstdint>
#include <optional>

namespace pleat {

/// What becomes of the pixels under a window.
enum class WindowFold {
  Product, ///< their sum, each times its weight
  Max,
  Sum,
};

/// What is known of a convolution or a pooling before it runs. A pooling is depthwise. There are two spatial
/// axes, rows and columns; a convolution with one has a single row.
struct ConvShape {
  WindowFold fold = WindowFold::Product;
  int64_t groups;
  int64_t inputs, outputs; ///< channels of a group
  std::array<int64_t, 2> kernel, strides, dilations, padsBefore, padsAfter;
  std::optional<int64_t> rows, columns; ///< of the result, where static

  bool isDepthwise() const { return inputs == 1 && outputs == 1; }
  int64_t taps() const { return kernel[0] * kernel[1]; }
  /// Terms of one result.
  int64_t depth() const { return inputs * taps(); }
  /// Rows and columns of input under a window, less one.
  int64_t reach(unsigned axis) const { return (kernel[axis] - 1) * dilations[axis]; }
};

/// The blocks of a result. Each is computed from its own part of the input, which either is
/// read in place or copied into a strip of scratch:
///
///   strip[channel][input row][column % stride][column / stride]
///
/// There, padding is written out, and the columns that neighbouring results read through one tap
/// are neighbours, whatever the stride.
struct ConvPlan {
  int64_t blockRows, blockColumns; ///< of the result
  bool copies;                     ///< whether there is a strip
  int64_t stripRows, stripColumns; ///< input rows, and columns of one remainder
  int64_t stripBytes;              ///< 0 without strip
};

/// The blocks for `shape` at every level.
ConvPlan planConv(const ConvShape &shape);

/// A register tile: channels or, for a depthwise convolution, rows; times vectors of
/// neighbouring columns.
struct ConvTile {
  int64_t lines, vectors;
};

/// The tile with the least estimated time at `level`.
ConvTile chooseConvTile(const ConvShape &shape, const ConvPlan &plan, const LevelInfo &level);

} // namespace pleat
