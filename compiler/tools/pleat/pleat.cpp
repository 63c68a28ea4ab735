// The compiler's command: finds the verb and leaves the rest of the command line to it.
#include "compiler/Driver/Verb.h"
#include "passes/AllPasses.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <vector>

using namespace pleat;

static void printHelp(llvm::raw_ostream &stream) {
  stream << "Pleat compiles neural networks to C libraries.\n\nUSAGE: pleat VERB [options]\n\n";
  for (const Verb &verb : allVerbs())
    stream << llvm::formatv("  {0,-10}{1}\n", verb.name, verb.summary);
  stream << "\n'pleat VERB --help' lists the verb's options; --version names the versions.\n";
}

/// The signals that whoever started the program wants it to ignore, as nohup does.
static std::vector<int> ignoredSignals() {
  std::vector<int> ignored;
  struct sigaction action;
  for (int signal : {SIGHUP, SIGINT, SIGTERM})
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
      ignored.push_back(signal);
  return ignored;
}

int main(int argc, char **argv) {
  std::vector<int> ignored = ignoredSignals();
  llvm::InitLLVM init(argc, argv);
  for (int signal : ignored) // LLVM has taken them
    std::signal(signal, SIG_IGN);
  pleat::registerAllPleatPasses(); // recipes, and flags such as --mlir-print-ir-after, name passes
  llvm::StringRef name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h" || name == "help") {
    printHelp(llvm::outs());
    return static_cast<int>(ExitCode::Done);
  }
  if (name == "--version") {
    llvm::outs() << "pleat " PLEAT_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
    return static_cast<int>(ExitCode::Done);
  }
  llvm::ArrayRef<Verb> verbs = allVerbs();
  const Verb *verb = llvm::find_if(verbs, [&](const Verb &candidate) { return candidate.name == name; });
  if (verb != verbs.end())
    return static_cast<int>(verb->run(argc - 1, argv + 1));
  if (name.empty())
    llvm::WithColor::error() << "expects a verb\n";
  else
    llvm::WithColor::error() << "expects a verb, but got '" << name << "'\n";
  printHelp(llvm::errs());
  return static_cast<int>(ExitCode::Usage);
}
