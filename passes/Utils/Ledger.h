/// The ledger's rows: what each pass did to each weight, in figures.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace pleat {

/// One row. Flops are per row of activations.
struct WeightChange {
  llvm::StringRef pass, weight;
  llvm::StringRef kind; ///< exact, reassociating or lossy
  int64_t bytesBefore, bytesAfter, flopsBefore, flopsAfter;
  /// ||W - W'|| / ||W||, Frobenius.
  double weightError;
};

/// Adds a row to the module's `pleat.ledger`.
void addWeightChange(mlir::ModuleOp module, const WeightChange &row);

} // namespace pleat
