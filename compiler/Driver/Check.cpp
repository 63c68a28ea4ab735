// pleat check: one report of everything that would stop a compile, without codegen.
#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Verb.h"
#include "compiler/Driver/VerbOptions.h"
#include "compiler/Import/CheckReport.h"
#include "compiler/Import/ONNX/ONNXImport.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "mlir/IR/MLIRContext.h"

using namespace pleat;
namespace cl = llvm::cl;

static std::optional<Obstacle> whyNot(onnx::NodeOp node) {
  std::optional<Unsupported> why = whyUnsupported(node);
  return why ? std::optional(Obstacle{why->reason, ""}) : std::nullopt;
}

namespace {

struct CheckOptions : ResultOptions {
  cl::OptionCategory subject{"Subject"};
  cl::opt<std::string> model{cl::Positional, cl::Required, cl::desc("MODEL.onnx"), cl::cat(subject)};
};

} // namespace

ExitCode pleat::runCheck(int argc, const char *const *argv) {
  CheckOptions options;
  if (std::optional<ExitCode> code = parseVerb(argc, argv, "Lists everything that would stop a compile.\n",
                                               {&options.subject, &options.results}))
    return *code;

  mlir::DialectRegistry registry;
  registerImportDialects(registry);
  mlir::MLIRContext context(registry);
  printDiagnosticsOf(context);
  WeightStore store;
  ImportResult result = importModel(options.model, context, store);
  if (!result.module)
    return static_cast<ExitCode>(result.status);
  CheckReport report = checkModel(*result.module, whyNot);
  if (options.json)
    printJson(report.toJSON());
  else
    report.print(llvm::outs());
  return report.isClean() ? ExitCode::Done : ExitCode::Unsupported;
}
