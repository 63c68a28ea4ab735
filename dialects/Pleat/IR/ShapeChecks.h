/// Comparison of sizes where a dynamic size may stand for any.
#pragma once

#include "mlir/IR/BuiltinTypes.h"

namespace pleat {

/// Whether two sizes can be equal: they are, or at least one is dynamic.
inline bool sizesAgree(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b);
}

/// Whether two shapes have one rank and sizes that agree.
inline bool shapesAgree(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
  if (a.size() != b.size())
    return false;
  for (auto [x, y] : llvm::zip(a, b))
    if (!sizesAgree(x, y))
      return false;
  return true;
}

} // namespace pleat
