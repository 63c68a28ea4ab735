/// Diagnostics as users see them.
#pragma once

#include "llvm/ADT/Twine.h"

namespace mlir {
class MLIRContext;
}

namespace pleat {

/// From now on prints the context's diagnostics on stderr, one a line, each with the name
/// of the ONNX node, tensor or value it is about.
void printDiagnosticsOf(mlir::MLIRContext &context);

/// Prints `text` on stderr as an error.
void reportError(const llvm::Twine &text);

} // namespace pleat
