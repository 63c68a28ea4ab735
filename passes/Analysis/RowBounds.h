/// How many rows a linear multiplies, from the bounds of the model's dimensions.
#pragma once

#include "passes/Analysis/SizeExprs.h"
#include "passes/Utils/ProductCost.h"

#include "mlir/IR/BuiltinOps.h"

namespace pleat {

/// Attribute of the module: a dictionary from the names of dimensions to [least, most]; most is
/// 0 where a dimension has no bound. What is not named lies in [1, unbounded).
inline constexpr llvm::StringLiteral kDimBoundsAttrName = "pleat.dim_bounds";

/// One dimension's entry of kDimBoundsAttrName.
struct NamedBounds {
  llvm::StringRef name;
  int64_t least, most;
};

void setDimBounds(mlir::ModuleOp module, llvm::ArrayRef<NamedBounds> bounds);

/// The product of all sizes of `x` but the last, taken to grow with every dimension.
/// `sizes` is of the function in `module` that `x` belongs to.
RowRange rowsOf(mlir::Value x, SizeExprs &sizes, mlir::ModuleOp module);

} // namespace pleat
