/// Proofs that a condition holds exactly where a query may look under causal attention.
#pragma once

#include "passes/Analysis/SymbolicShapes/SymbolicShapes.h"

namespace pleat {

/// Whether the bool tensor `condition`, broadcast to S x T (the last two axes), is true
/// exactly where j <= i + (T - S).
bool isCausalCondition(mlir::Value condition, mlir::AffineExpr queries, mlir::AffineExpr keys,
                       SymbolicShapes &shapes);

/// Whether the additive mask `mask` is 0 there and a constant of at most -1e9 elsewhere.
bool isCausalMask(mlir::Value mask, mlir::AffineExpr queries, mlir::AffineExpr keys, SymbolicShapes &shapes);

} // namespace pleat
