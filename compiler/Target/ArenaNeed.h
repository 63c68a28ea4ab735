/// The arena that a planned module needs, as a number and as text.
#pragma once

#include "compiler/Artifact/ModelInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include <optional>

namespace pleat {

/// Bytes for one thread with these dimensions; nullopt on overflow.
std::optional<int64_t> arenaBytesAt(mlir::ModuleOp module, llvm::ArrayRef<int64_t> dims);

/// The same as an expression of the dimensions' names: "align64(256 * T) + align64(64)".
std::string arenaText(mlir::ModuleOp module, const ModelInterface &interface);

} // namespace pleat
