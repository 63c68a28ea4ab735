// `pleat inspect`: what a model or a compiled model is made of.
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/InspectModel.h"
#include "compiler/Driver/JsonTables.h"
#include "compiler/Driver/ReadManifest.h"
#include "compiler/Driver/Verb.h"
#include "compiler/Driver/VerbOptions.h"
#include "llvm/Support/raw_ostream.h"

using namespace pleat;
using llvm::Expected;
namespace cl = llvm::cl;

namespace {

struct InspectOptions : ResultOptions {
  cl::OptionCategory subject{"Subject"};
  cl::opt<std::string> file{cl::Positional, cl::Required, cl::desc("MODEL.onnx | DIR/NAME"),
                            cl::cat(subject)};
};

Expected<llvm::json::Object> inspect(llvm::StringRef subject) {
  if (subject.ends_with(".onnx"))
    return inspectModel(subject);
  // The manifest alone: it tells everything without running code of the library.
  Expected<ArtifactFiles> files = ArtifactFiles::find(subject);
  if (!files)
    return files.takeError();
  return readManifest(files->manifest);
}

} // namespace

ExitCode pleat::runInspect(int argc, const char *const *argv) {
  InspectOptions options;
  if (std::optional<ExitCode> code =
          parseVerb(argc, argv, "Shows what a model or a compiled model is made of.\n",
                    {&options.subject, &options.results}))
    return *code;
  Expected<llvm::json::Object> found = inspect(options.file);
  if (!found)
    return report(found.takeError());
  if (options.json)
    printJson(std::move(*found));
  else
    printTables(llvm::outs(), *found);
  return ExitCode::Done;
}
