/// How precisely a weight is stored: what was asked for, and where it pays.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"

namespace pleat {

/// A layout, and why it is not the one that was asked for: empty if it is.
struct PrecisionChoice {
  Layout layout = Layout::Panel16;
  std::string refusal;
};

/// The layout of `weight`, an f32 matrix that `linears` multiply with. Each linear asks for
/// its `pleat.precision`, or else for `standard`; the most precise wins. What a linear says
/// itself is done; `standard` is where it pays:
/// - bf16: at least 4 KiB of f32, and fewer bytes once padded to multiples of 32
/// - f32-split: at least 128 rows in every linear, on a level with `tileProducts`. Below,
///   weights that are half as big again cost more than tile products save.
PrecisionChoice choosePrecision(WeightOp weight, llvm::ArrayRef<LinearOp> linears, bool transposed,
                                Precision standard, bool tileProducts);

} // namespace pleat
