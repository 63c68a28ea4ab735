/// The rows that passes have left in the IR.
#pragma once

#include "compiler/Artifact/Ledger.h"
#include "mlir/IR/BuiltinOps.h"

namespace pleat {

/// Rows of the module attribute `pleat.ledger`, in order.
std::vector<LedgerRow> readLedger(mlir::ModuleOp module);

} // namespace pleat
