/// What Slice, Conv and pooling nodes mean once their many spellings are resolved: used for
/// sizes and again for code.
#pragma once

#include "passes/Analysis/SymbolicShapes/Rules.h"

namespace pleat {

/// One entry an axis of the sliced tensor: result[i] = x[offset + i * step], i < size.
struct SliceAxes {
  Sizes offsets, sizes;
  llvm::SmallVector<int64_t> steps;
};

/// Failure, with a reason in `facts`, when bounds or steps are not known at compile time.
mlir::FailureOr<SliceAxes> resolveSlice(NodeShapes &facts);

/// A window that moves over the spatial axes; one entry each (pads: all begins, all ends).
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, pads;
  Sizes outputs; ///< Number of window positions.
};

/// Resolves auto_pad, ceil_mode and defaults. `kernel` is the shape that the weight or the
/// `kernel_shape` attribute gives, `spatial` the input's spatial sizes.
mlir::FailureOr<Window> resolveWindow(NodeShapes &facts, llvm::ArrayRef<int64_t> kernel,
                                      llvm::ArrayRef<mlir::AffineExpr> spatial);

/// The axes a reduction runs over, in order; all when none are given, none with
/// noop_with_empty_axes.
mlir::FailureOr<llvm::SmallVector<int64_t>> resolveReducedAxes(NodeShapes &facts);

mlir::LogicalResult slicedSizes(NodeShapes &facts);

} // namespace pleat
