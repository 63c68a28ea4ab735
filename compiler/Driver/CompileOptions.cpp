// The command line of `compile`. Options are local, so that no flag belongs to the process.
#include "compiler/Driver/CompileOptions.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <thread>

using namespace pleat;
namespace cl = llvm::cl;

llvm::Expected<DimBounds> pleat::parseDimBounds(llvm::StringRef text) {
  auto malformed = [&] {
    return llvm::createStringError("--dim expects NAME=LO..HI[:STEP] or NAME=SIZE, but got '%s'",
                                   text.str().c_str());
  };
  auto [name, range] = text.split('=');
  if (name.empty() || range.empty())
    return malformed();
  DimBounds bounds;
  bounds.name = name.str();
  auto [ends, step] = range.split(':');
  if (ends.size() != range.size() && (step.getAsInteger(10, bounds.step) || bounds.step < 1))
    return malformed();
  size_t dots = ends.find("..");
  llvm::StringRef low = ends.substr(0, dots),
                  high = dots == llvm::StringRef::npos ? ends : ends.substr(dots + 2);
  if (low.getAsInteger(10, bounds.lower) || high.getAsInteger(10, bounds.upper) || bounds.lower < 0 ||
      bounds.upper < bounds.lower)
    return malformed();
  return bounds;
}

std::string pleat::boundsText(const DimBounds &bounds) {
  return bounds.name + "=" + std::to_string(bounds.lower) + ".." + std::to_string(bounds.upper) + ":" +
         std::to_string(bounds.step);
}

std::optional<uint64_t> pleat::parseBytes(llvm::StringRef text) {
  uint64_t count;
  if (text.consumeInteger(10, count) || count == 0)
    return std::nullopt;
  uint64_t unit = llvm::StringSwitch<uint64_t>(text)
                      .Cases({"", "B"}, 1)
                      .Case("kB", 1000)
                      .Case("MB", 1000 * 1000)
                      .Case("GB", 1000 * 1000 * 1000)
                      .Case("KiB", 1 << 10)
                      .Case("MiB", 1 << 20)
                      .Case("GiB", 1 << 30)
                      .Default(0);
  bool overflow = false;
  uint64_t bytes = llvm::SaturatingMultiply(count, unit, &overflow);
  return unit == 0 || overflow ? std::nullopt : std::optional(bytes);
}

/// Splits DIR/NAME. The directory may be missing.
static void splitOutput(llvm::StringRef output, CompileOptions &options) {
  options.name = llvm::sys::path::filename(output).str();
  options.outputDirectory = llvm::sys::path::parent_path(output).str();
  if (options.outputDirectory.empty())
    options.outputDirectory = ".";
}

std::optional<CompileOptions> pleat::parseCompileOptions(int argc, const char *const *argv) {
  // Static, because lld looks at every registered option again when it links.
  static cl::OptionCategory category("Compile options");
  static cl::opt<std::string> model(cl::Positional, cl::desc("MODEL.onnx"), cl::Required, cl::cat(category));
  static cl::opt<std::string> output("o", cl::desc("Artefact to write: DIR/NAME"), cl::value_desc("DIR/NAME"),
                                     cl::cat(category));
  static cl::list<std::string> dims("dim", cl::desc("Bounds of a symbolic dimension"),
                                    cl::value_desc("NAME=LO..HI[:STEP]"), cl::cat(category));
  static cl::list<std::string> states(
      "state", cl::value_desc("IN=OUT"), cl::cat(category),
      cl::desc("Keep what is input IN and output OUT in the session; * stands for any text"));
  static cl::list<std::string> isa(
      "isa", cl::CommaSeparated, cl::value_desc("LEVEL,..."), cl::cat(category),
      cl::desc("Instruction set levels: x86-64-v3, x86-64-v4, x86-64-v4-amx (default: all)"));
  static cl::opt<std::string> recipe("recipe", cl::desc("Compression recipe"), cl::value_desc("FILE.yaml"),
                                     cl::cat(category));
  static cl::opt<std::string> precision("precision", cl::init("f32"), cl::value_desc("f32|f32-split|bf16"),
                                        cl::cat(category),
                                        cl::desc("How precisely weight matrices are stored (default f32)"));
  static cl::opt<std::string> weights("weights", cl::desc("Where weights go: file (default) or embed"),
                                      cl::init("file"), cl::value_desc("file|embed"), cl::cat(category));
  static cl::opt<std::string> emit(
      "emit", cl::value_desc("STAGE"), cl::cat(category),
      cl::desc("Stop at a stage and print it: onnx, pleat, kernels, llvm-dialect, llvm, asm"));
  static cl::opt<bool> noRoll("no-roll", cl::desc("Leave repeated layers written out"), cl::cat(category));
  static cl::opt<bool> json("json", cl::desc("Print the manifest of what was written"), cl::cat(category));
  static cl::opt<unsigned> jobs("jobs", cl::desc("Threads to compile with (default: all of the machine)"),
                                cl::init(0), cl::value_desc("N"), cl::cat(category));
  static cl::opt<std::string> maxMemory(
      "max-memory", cl::value_desc("SIZE"), cl::cat(category),
      cl::desc("Give up when memory exceeds SIZE: bytes, or with KiB, MiB, GiB, kB, MB, GB"));
  static cl::opt<bool> measureSteps("measure-steps", cl::Hidden, cl::cat(category));
  static cl::opt<std::string> instrument("test-instrument", cl::Hidden, cl::value_desc("address|thread"),
                                         cl::cat(category));
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerAsmPrinterCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
  cl::HideUnrelatedOptions(category);
  if (!cl::ParseCommandLineOptions(argc, argv,
                                   "pleat compile: ONNX to a C library\n\n"
                                   "MLIR's and LLVM's own flags work too; --help-hidden lists them.\n",
                                   &llvm::errs()))
    return std::nullopt;

  auto mistake = [](const llvm::Twine &text) -> std::optional<CompileOptions> {
    llvm::errs() << "pleat compile: " << text << '\n';
    return std::nullopt;
  };
  CompileOptions options;
  options.modelPath = model;
  options.recipePath = recipe;
  options.measureSteps = measureSteps;
  options.roll = !noRoll;
  options.json = json;
  options.instrument = instrument;
  options.jobs = jobs ? unsigned(jobs) : std::max(1u, std::thread::hardware_concurrency());
  if (!maxMemory.empty()) {
    std::optional<uint64_t> bytes = parseBytes(maxMemory);
    if (!bytes)
      return mistake("--max-memory expects a size such as 2GiB or 800MB, but got '" + maxMemory + "'");
    options.maxMemory = *bytes;
  }
  if (!symbolizePrecision(precision))
    return mistake("--precision: unknown precision '" + precision + "'; known: f32, f32-split, bf16");
  options.precision = precision;
  if (weights != "file" && weights != "embed")
    return mistake("--weights expects file or embed, but got '" + weights + "'");
  options.embedWeights = weights == "embed";
  for (const std::string &text : dims) {
    llvm::Expected<DimBounds> bounds = parseDimBounds(text);
    if (!bounds)
      return mistake(llvm::toString(bounds.takeError()));
    if (llvm::any_of(options.dims, [&](const DimBounds &other) { return other.name == bounds->name; }))
      return mistake("--dim: '" + bounds->name + "' is given twice");
    options.dims.push_back(*bounds);
  }
  for (const std::string &text : states) {
    llvm::Expected<StatePattern> pattern = parseStatePattern(text);
    if (!pattern)
      return mistake(llvm::toString(pattern.takeError()));
    options.states.push_back(*pattern);
  }
  for (const std::string &name : isa) {
    const LevelInfo *level = findLevel(name);
    if (!level)
      return mistake("--isa: unknown level '" + name + "'; known: x86-64-v3, x86-64-v4, x86-64-v4-amx");
    options.levels.push_back(level);
  }
  if (options.levels.empty())
    for (const LevelInfo &level : allLevels())
      options.levels.push_back(&level);
  llvm::sort(options.levels);
  options.levels.erase(std::unique(options.levels.begin(), options.levels.end()), options.levels.end());
  if (!emit.empty()) {
    options.emit = llvm::StringSwitch<std::optional<EmitStage>>(emit)
                       .Case("onnx", EmitStage::Onnx)
                       .Case("pleat", EmitStage::Pleat)
                       .Cases({"kernels", "linalg"}, EmitStage::Kernels)
                       .Case("llvm-dialect", EmitStage::LlvmDialect)
                       .Case("llvm", EmitStage::Llvm)
                       .Case("asm", EmitStage::Assembly)
                       .Default(std::nullopt);
    if (!options.emit)
      return mistake("--emit: unknown stage '" + emit +
                     "'; known: onnx, pleat, kernels, llvm-dialect, llvm, asm");
  }
  if (output.empty() && !options.emit)
    return mistake("expects -o DIR/NAME");
  splitOutput(output.empty() ? "model" : llvm::StringRef(output), options);
  if (llvm::Error error = checkModelName(options.name))
    return mistake(llvm::toString(std::move(error)));
  return options;
}
