/// Taking the last axis of a tensor apart into pairs, and putting it together again, in the
/// forms that exporters write.
#pragma once

#include "passes/Analysis/SymbolicShapes/SymbolicShapes.h"

namespace pleat {

/// One of each pair of the last axis of a rank-4 tensor: the first or the second.
struct Side {
  mlir::Value x;
  bool interleaved; ///< pairs are (2i, 2i + 1), else (i, i + D/2)
  bool isSecond;
};

/// Which side of which tensor `value` is; nullopt when it is none.
std::optional<Side> sideOf(mlir::Value value, const SymbolicShapes &shapes);

/// Two tensors that stand together as the pairs of one.
struct JoinedPairs {
  mlir::Value first, second;
  bool interleaved;
};

/// What `value`, of rank 4, was joined from; nullopt when it was not.
std::optional<JoinedPairs> joinedPairs(mlir::Value value, const SymbolicShapes &shapes);

/// `value` before an axis of size 1 was put at position `axis`; null when none was.
mlir::Value withoutUnitAxis(mlir::Value value, int64_t axis, const SymbolicShapes &shapes);

} // namespace pleat
