/// The interface of recovered IR as plain data.
#pragma once

#include "compiler/Artifact/ModelInterface.h"
#include "mlir/IR/BuiltinOps.h"

namespace pleat {

/// Bounds the user sets for a symbolic dimension.
struct DimBounds {
  std::string name;
  int64_t lower = 0;
  /// 0: none.
  int64_t upper = 0;
  int64_t step = 1;
};

/// Reads inputs, outputs, dimensions, ids that index tables and sizes that must be equal
/// from `@main` of recovered IR. Leaves the sizes that are expressions in the module
/// attribute `pleat.size_exprs`: a map of the dimensions and of the minima and maxima that
/// `pleat.size_extremes` lists as pairs of "min" or "max" and a map of the symbols before.
/// Fails for an element type that no C type stands for, and with errc::invalid_argument for
/// bounds of a dimension that the model does not have, or beyond what its ops allow.
llvm::Expected<ModelInterface> describeInterface(mlir::ModuleOp module, llvm::StringRef name,
                                                 llvm::ArrayRef<DimBounds> bounds);

/// Tells passes the bounds of the dimensions, as kDimBoundsAttrName of `module`.
void noteDimBounds(mlir::ModuleOp module, const ModelInterface &interface);

} // namespace pleat
