// pleat compile: all stages, then the artefact.
#include "compiler/Driver/Compilation.h"
#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Verb.h"
#include "compiler/Driver/WriteArtifact.h"

#include "llvm/Support/raw_ostream.h"

using namespace pleat;

/// Runs the stages up to the one that `--emit` names and prints it.
static ExitCode emit(Compilation &compilation, EmitStage stage) {
  auto printModule = [&] {
    compilation.module()->print(llvm::outs());
    llvm::outs() << '\n';
    return ExitCode::Done;
  };
  if (stage == EmitStage::Onnx)
    return printModule();
  for (auto run : {&Compilation::recover, &Compilation::compress, &Compilation::roll})
    if (ExitCode code = (compilation.*run)(); code != ExitCode::Done)
      return code;
  if (stage == EmitStage::Pleat)
    return printModule();
  if (ExitCode code = compilation.formKernels(); code != ExitCode::Done || stage == EmitStage::Kernels)
    return code == ExitCode::Done ? printModule() : code;
  if (ExitCode code = compilation.lower(); code != ExitCode::Done || stage == EmitStage::LlvmDialect)
    return code == ExitCode::Done ? printModule() : code;
  auto text = compilation.compileToText(stage == EmitStage::Llvm ? TextForm::LLVM : TextForm::Assembly);
  if (!text) {
    reportError(llvm::toString(text.takeError()));
    return ExitCode::Internal;
  }
  llvm::outs() << *text;
  return ExitCode::Done;
}

/// All stages, then the files.
static ExitCode build(Compilation &compilation, const CompileOptions &options) {
  for (auto stage : {&Compilation::recover, &Compilation::compress, &Compilation::roll,
                     &Compilation::formKernels, &Compilation::lower})
    if (ExitCode code = (compilation.*stage)(); code != ExitCode::Done)
      return code;

  return writeArtifact(compilation, options);
}

ExitCode pleat::runCompile(int argc, const char *const *argv) {
  std::optional<CompileOptions> options = parseCompileOptions(argc, argv);
  if (!options)
    return ExitCode::Usage;
  Compilation compilation(*options);
  if (ExitCode code = compilation.import(); code != ExitCode::Done)
    return code;
  return options->emit ? emit(compilation, *options->emit) : build(compilation, *options);
}
