/// Command line pieces that several verbs share, so that a flag is one thing everywhere.
///
/// An options object is local to one verb: it registers its flags while it lives.
#pragma once

#include "compiler/Driver/ExitCode.h"
#include "compiler/Driver/LoadedModel.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace pleat {

/// Parses the command line of a verb; argv[0] is the verb. `categories` are the groups of
/// `--help`, which ends the program. Returns Usage, after a line on stderr, if it is wrong.
std::optional<ExitCode> parseVerb(int argc, const char *const *argv, llvm::StringRef overview,
                                  llvm::ArrayRef<const llvm::cl::OptionCategory *> categories);

/// Removes all flags that are registered. LLVM's library comes with hundreds, `--threads` and
/// `--load` among them, which mean nothing to verbs that compile nothing. Base of options
/// objects, so that it comes before their members.
struct OwnFlagsOnly {
  OwnFlagsOnly() { llvm::cl::ResetCommandLineParser(); }
};

/// The compiled model, and how it is run.
struct ModelOptions : virtual OwnFlagsOnly {
  llvm::cl::OptionCategory model{"Model"};
  llvm::cl::opt<std::string> artifact{llvm::cl::Positional, llvm::cl::Required, llvm::cl::desc("DIR/NAME"),
                                      llvm::cl::cat(model)};
  llvm::cl::opt<unsigned> threads{"threads", llvm::cl::desc("Threads, the calling one included (default 1)"),
                                  llvm::cl::value_desc("N"), llvm::cl::init(1), llvm::cl::cat(model)};
  llvm::cl::opt<pleat_load_mode> load{
      "load", llvm::cl::desc("How weights reach memory (default map)"), llvm::cl::init(PLEAT_LOAD_MAP),
      llvm::cl::values(clEnumValN(PLEAT_LOAD_MAP, "map", "mapped from the file"),
                       clEnumValN(PLEAT_LOAD_COPY, "copy", "copied to huge pages")),
      llvm::cl::cat(model)};
  llvm::cl::list<std::string> dims{"dim", llvm::cl::desc("Size of a dimension that inputs do not give"),
                                   llvm::cl::value_desc("NAME=VALUE"), llvm::cl::cat(model)};

  /// The flags of --dim. Fails with Usage on anything but NAME=VALUE, each name once.
  llvm::Expected<NamedDims> namedDims() const;
  /// Opens the model. Fails with Usage for no threads, else as LoadedModel::open does.
  llvm::Expected<std::unique_ptr<LoadedModel>> loadModel() const;
};

/// The inputs of a run; others may add to the group.
struct InputOptions : virtual OwnFlagsOnly {
  llvm::cl::OptionCategory data{"Data"};
  llvm::cl::opt<std::string> inputs;

  explicit InputOptions(llvm::StringRef what, llvm::StringRef fallback = "")
      : inputs("inputs", llvm::cl::desc(what), llvm::cl::value_desc("X"), llvm::cl::init(fallback.str()),
               llvm::cl::cat(data)) {}
};

/// How results are printed.
struct ResultOptions : virtual OwnFlagsOnly {
  llvm::cl::OptionCategory results{"Results"};
  llvm::cl::opt<bool> json{"json", llvm::cl::desc("Print one JSON object"), llvm::cl::cat(results)};
};

/// The sizes of a run as JSON, by the names of dimensions.
llvm::json::Object dimsAsJson(const LoadedModel &model, const DimValues &dims);

/// A number as JSON: NaN and the infinities, which it lacks, as strings.
llvm::json::Value jsonNumber(double value);

/// Prints `object` on stdout, indented, with a newline.
void printJson(llvm::json::Object object);

} // namespace pleat
