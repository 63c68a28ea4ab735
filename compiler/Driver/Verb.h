/// The verbs of `pleat`. Each parses its own command line, so that MLIR's flags work in all.
#pragma once

#include "compiler/Driver/ExitCode.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace pleat {

/// One verb. `run` gets the command line without the program's name; argv[0] is the verb.
struct Verb {
  llvm::StringLiteral name;
  llvm::StringLiteral summary;
  ExitCode (*run)(int argc, const char *const *argv);
};

/// Every verb, in the order `--help` lists them.
llvm::ArrayRef<Verb> allVerbs();

ExitCode runCompile(int argc, const char *const *argv);
ExitCode runCheck(int argc, const char *const *argv);
ExitCode runRun(int argc, const char *const *argv);
ExitCode runVerify(int argc, const char *const *argv);
ExitCode runBench(int argc, const char *const *argv);
ExitCode runInspect(int argc, const char *const *argv);

} // namespace pleat
