// The way from a file to IR, and from issues to diagnostics.
#include "compiler/Import/ONNX/ONNXImport.h"

#include "compiler/Import/ONNX/BuildModule.h"
#include "dialects/ONNX/IR/ONNXDialect.h"
#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace pleat;
using namespace pleat::onnx;
using llvm::Error;
using llvm::Expected;

namespace {

/// Does all steps; the module is null when `issues` has errors.
OwningOpRef<ModuleOp> import(StringRef path, MLIRContext &context, WeightStore &store, ModelIssues &issues) {
  auto report = [&](Error error, ImportStatus status) {
    llvm::handleAllErrors(asImportError(std::move(error), status, ""), [&](const ImportError &inner) {
      issues.push_back({inner.getStatus(), "", inner.getText()});
    });
  };
  Expected<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) {
    report(file.takeError(), ImportStatus::FileAccess);
    return {};
  }
  Expected<StrippedModel> stripped = stripModel((*file)->bytes());
  if (!stripped) {
    report(stripped.takeError(), ImportStatus::InvalidInput);
    return {};
  }
  PreparedModel prepared = prepareModel(*stripped, issues);
  if (hasErrors(issues))
    return {};
  ExternalFiles externalFiles(llvm::sys::path::parent_path(path));
  ConstantBuilder constants(&context, *file, stripped->payloads, externalFiles, store);
  OwningOpRef<ModuleOp> module = buildModule(&context, prepared, constants, issues);
  (*file)->release(0, (*file)->bytes().size());
  if (hasErrors(issues))
    return {};
  return module;
}

void emit(const ModelIssue &issue, StringRef path, MLIRContext &context) {
  Location location = UnknownLoc::get(&context);
  if (!issue.subject.empty())
    location = NameLoc::get(StringAttr::get(&context, issue.subject));
  InFlightDiagnostic diagnostic =
      issue.status == ImportStatus::Done ? emitWarning(location) : emitError(location);
  // What is about the file as a whole names the file.
  if (issue.subject.empty() && issue.status != ImportStatus::FileAccess)
    diagnostic << "'" << llvm::sys::path::filename(path) << "': ";
  diagnostic << issue.text;
}

} // namespace

void pleat::registerImportDialects(DialectRegistry &registry) {
  registry.insert<ONNXDialect, PleatDialect, arith::ArithDialect, func::FuncDialect>();
}

ImportResult pleat::importModel(StringRef path, MLIRContext &context, WeightStore &store) {
  context.loadDialect<ONNXDialect, PleatDialect, arith::ArithDialect, func::FuncDialect>();
  ModelIssues issues;
  ImportResult result{import(path, context, store, issues), ImportStatus::Done};
  for (const ModelIssue &issue : issues) {
    emit(issue, path, context);
    if (result.status == ImportStatus::Done)
      result.status = issue.status;
  }
  // A module that does not verify is our mistake; it must not reach a pass all the same.
  if (result.module && failed(verify(*result.module))) {
    result.module = {};
    result.status = ImportStatus::Unsupported;
  }
  return result;
}
