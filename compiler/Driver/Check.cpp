// pleat check: one report of everything that would stop a compile, without codegen.
#include "compiler/Driver/Verb.h"
#include "compiler/Import/CheckReport.h"
#include "compiler/Import/ONNX/ONNXImport.h"
#include "compiler/Driver/Diagnostics.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pleat;
namespace cl = llvm::cl;

static std::optional<Obstacle> whyNot(onnx::NodeOp node) {
  std::optional<Unsupported> why = whyUnsupported(node);
  return why ? std::optional(Obstacle{why->reason, ""}) : std::nullopt;
}

ExitCode pleat::runCheck(int argc, const char *const *argv) {
  static cl::OptionCategory category("Check options");
  static cl::opt<std::string> model(cl::Positional, cl::desc("MODEL.onnx"), cl::Required, cl::cat(category));
  static cl::opt<bool> json("json", cl::desc("Print the report as JSON"), cl::cat(category));
  if (!cl::ParseCommandLineOptions(argc, argv, "pleat check: what would stop a compile\n", &llvm::errs()))
    return ExitCode::Usage;

  mlir::DialectRegistry registry;
  registerImportDialects(registry);
  mlir::MLIRContext context(registry);
  printDiagnosticsOf(context);
  WeightStore store;
  ImportResult result = importModel(model, context, store);
  if (!result.module)
    return static_cast<ExitCode>(result.status);
  CheckReport report = checkModel(*result.module, whyNot);
  if (json)
    llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(report.toJSON()));
  else
    report.print(llvm::outs());
  return report.isClean() ? ExitCode::Done : ExitCode::Unsupported;
}
