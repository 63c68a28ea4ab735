// One line a diagnostic: severity, node, text.
#include "compiler/Driver/Diagnostics.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace pleat;

void pleat::reportError(const llvm::Twine &text) { llvm::errs() << "error: " << text << '\n'; }

/// The name a location carries, of an ONNX node mostly.
static StringRef nameOf(Location location) {
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName().getValue();
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location inner : fused.getLocations())
      if (StringRef name = nameOf(inner); !name.empty())
        return name;
  return {};
}

/// Prints a diagnostic with the node's name, unless its text begins with it already.
static void printDiagnostic(Diagnostic &diagnostic) {
  const char *severity = diagnostic.getSeverity() == DiagnosticSeverity::Error     ? "error: "
                         : diagnostic.getSeverity() == DiagnosticSeverity::Warning ? "warning: "
                         : diagnostic.getSeverity() == DiagnosticSeverity::Note    ? "note: "
                                                                                   : "remark: ";
  std::string text = diagnostic.str();
  StringRef name = nameOf(diagnostic.getLocation());
  llvm::errs() << severity;
  if (!name.empty() && text.find("\"" + name.str() + "\"") == std::string::npos)
    llvm::errs() << "node \"" << name << "\": ";
  llvm::errs() << text << '\n';
  for (Diagnostic &note : diagnostic.getNotes())
    printDiagnostic(note);
}

void pleat::printDiagnosticsOf(MLIRContext &context) {
  context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) { printDiagnostic(diagnostic); });
}
