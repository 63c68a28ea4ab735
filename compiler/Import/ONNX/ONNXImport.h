/// Import of ONNX models.
///
///     mlir::DialectRegistry registry;
///     pleat::registerImportDialects(registry);
///     mlir::MLIRContext context(registry);
///     pleat::WeightStore store;
///     pleat::ImportResult result = pleat::importModel("model.onnx", context, store);
///     if (!result.module)
///       return static_cast<int>(result.status); // diagnostics have been emitted
///
/// The IR is described in docs/ARCHITECTURE.md, "Imported IR".
#pragma once

#include "compiler/Import/ImportStatus.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace pleat {

struct ImportResult {
  /// Null unless `status` is Done.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// The driver's exit code; of several errors, that of the first.
  ImportStatus status;
};

/// Adds the dialects that imported IR uses.
void registerImportDialects(mlir::DialectRegistry &registry);

/// Imports the model at `path`. Tensors of more than 4 KiB go to `store`, which keeps the
/// model's file and its external data mapped; the IR names them by key. Errors and warnings
/// go to the context's diagnostic engine, all that can be found at once, each at a NameLoc
/// of the ONNX node, tensor or value it is about. On failure the store may have gained
/// entries. Does not throw; any content of the file is safe.
ImportResult importModel(llvm::StringRef path, mlir::MLIRContext &context, WeightStore &store);

} // namespace pleat
