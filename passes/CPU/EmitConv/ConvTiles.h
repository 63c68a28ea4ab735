/// The register tiles of convolutions: sums over a window, held in registers from the bias
/// to the epilogue. Every result sums in ascending (channel, tap), one fma each, whatever
/// the tile.
#pragma once

#include "passes/CPU/EmitConv/ConvProblem.h"

namespace pleat {

/// Neighbouring columns of a block that a tile computes.
struct ColumnSpan {
  mlir::Value first; ///< counted from the block's first
  int64_t vectors;
  int64_t lastOffset; ///< columns from `first` to the last vector, which may overlap the one before
  mlir::Value count;  ///< columns that exist in a single vector, or null: all of them
};

/// Emits tiles of one block.
class ConvTiles {
public:
  ConvTiles(KernelBuilder &builder, const ConvProblem &problem, const ConvBlock &block,
            const ConvWindow &window)
      : builder(builder), problem(problem), shape(problem.shape), block(block), window(window) {}

  /// `channels` channels of the group from `channel` on, at row `row` of the block.
  void emitDense(mlir::Value channel, int64_t channels, mlir::Value row, const ColumnSpan &span);
  /// `rows` rows of a depthwise convolution's channel from `row` of the block on.
  void emitDepthwise(mlir::Value row, int64_t rows, const ColumnSpan &span);

private:
  using Sums = llvm::SmallVector<mlir::Value>;
  struct Tap;

  Sums initial(mlir::Value channel, int64_t channels, int64_t copies);
  Sums loadVectors(mlir::Value offset, const ColumnSpan &span);
  mlir::Value weight(mlir::Value offset);
  Sums overTaps(Sums sums, llvm::function_ref<void(const Tap &, Sums &)> step);
  Tap tapAt(mlir::Value row, mlir::Value column);
  void denseStep(mlir::Value weights, mlir::Value input, int64_t channels, const ColumnSpan &span,
                 Sums &sums);
  void foldTap(mlir::Value weight, llvm::ArrayRef<mlir::Value> pixels,
               llvm::MutableArrayRef<mlir::Value> sums);
  void depthwiseUnrolled(mlir::Value weights, mlir::Value input, int64_t rows, const ColumnSpan &span,
                         Sums &sums);
  mlir::Value inputOffset(mlir::Value row, const ColumnSpan &span);
  int64_t offsetOf(const ColumnSpan &span, int64_t vector);
  mlir::Value lanesOf(const ColumnSpan &span) {
    return span.count ? span.count : builder.index(builder.getLanes());
  }
  void store(mlir::Value channel, mlir::Value row, const ColumnSpan &span, llvm::ArrayRef<mlir::Value> sums);

  KernelBuilder &builder;
  const ConvProblem &problem;
  const ConvShape &shape;
  const ConvBlock &block;
  const ConvWindow &window;
};

} // namespace pleat
