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

/// Reads inputs, outputs, dimensions and ids that index tables from `@main` of recovered
/// IR, and leaves the sizes that are expressions in the module attribute
/// `pleat.size_exprs`. Fails for an element type that no C type stands for, and for a bound
/// of a dimension that the model does not have.
llvm::Expected<ModelInterface> describeInterface(mlir::ModuleOp module, llvm::StringRef name,
                                                 llvm::ArrayRef<DimBounds> bounds);

} // namespace pleat
