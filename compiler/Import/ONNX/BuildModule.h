/// The last step of import: a prepared model becomes IR.
#pragma once

#include "compiler/Import/ONNX/BuildConstants.h"
#include "compiler/Import/ONNX/PreparedModel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace pleat::onnx {

/// Builds `func.func @main` in a module. Reports what cannot be built; when errors are among
/// `issues` afterwards, the result must not be used.
mlir::OwningOpRef<mlir::ModuleOp> buildModule(mlir::MLIRContext *context, const PreparedModel &prepared,
                                              ConstantBuilder &constants, ModelIssues &issues);

} // namespace pleat::onnx
