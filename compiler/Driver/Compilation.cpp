// Runs the stages. What fails before kernels are formed is the model's; what fails after
// is our mistake, and leaves a reproducer.
#include "compiler/Driver/Compilation.h"

#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/MemoryLimit.h"
#include "compiler/Import/ONNX/ONNXImport.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Pipelines/Recipe.h"
#include "compiler/Target/ArenaNeed.h"
#include "compiler/Target/PlaceWeights.h"
#include "compiler/Target/SizeText.h"
#include "dialects/ONNX/IR/ONNXDialect.h"
#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Optimization/CountWork/CountWork.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

#include <cmath>

using namespace mlir;
using namespace pleat;

Compilation::Compilation(const CompileOptions &options)
    : options(options), weightStore(std::make_shared<WeightStore>()), plan(*weightStore) {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerImportDialects(registry);
  registry.insert<PleatDialect>();
  context = std::make_unique<MLIRContext>(registry);
  // MLIR's own flag may have turned threads off already.
  if (context->isMultithreadingEnabled()) {
    context->disableMultithreading();
    if (options.jobs > 1) {
      threads = std::make_unique<llvm::DefaultThreadPool>(llvm::hardware_concurrency(options.jobs));
      context->setThreadPool(*threads);
    }
  }
  context->loadDialect<PleatDialect>();
  context->getLoadedDialect<PleatDialect>()->setWeightStore(weightStore);
  printDiagnosticsOf(*context);
}

Compilation::~Compilation() = default;

ExitCode Compilation::runPasses(StringRef stage, ExitCode onFailure,
                                llvm::function_ref<void(OpPassManager &)> build) {
  PassManager passes(context.get());
  if (failed(applyPassManagerCLOptions(passes)))
    return ExitCode::Usage;
  applyDefaultTimingPassManagerCLOptions(passes);
  build(passes);
  SmallString<128> reproducer;
  if (onFailure == ExitCode::Internal) {
    llvm::sys::path::system_temp_directory(/*erasedOnReboot=*/true, reproducer);
    llvm::sys::path::append(reproducer, "pleat-" + options.name + "-" + stage + "-%%%%%%.mlir");
    llvm::sys::fs::createUniquePath(Twine(reproducer), reproducer, /*MakeAbsolute=*/false);
    passes.enableCrashReproducerGeneration(reproducer);
  }
  if (succeeded(passes.run(*imported)))
    return report(checkMemory(options.maxMemory, "stage '" + stage + "'"));
  if (onFailure == ExitCode::Internal)
    reportInternal(stage, reproducer);
  return onFailure;
}

void Compilation::reportInternal(StringRef stage, StringRef reproducer) {
  std::string command = "pleat-opt --run-reproducer " + reproducer.str(),
              index = (reproducer + ".weights").str();
  if (llvm::Error error = weightStore->save(index))
    llvm::consumeError(std::move(error)); // the IR alone may do
  else
    command += " --weights=" + index;
  reportError("internal error in stage '" + stage + "'; to reproduce it: " + command);
}

/// See Compilation::rounding. Weights that are only stored in 16 bits do not count.
static double roundingOf(ModuleOp module) {
  double largest = 0;
  module.walk([&](onnx::NodeOp node) {
    for (Type type : node.getResultTypes()) {
      auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
      if (element && element.getWidth() < 32)
        largest = std::max(largest, std::ldexp(1.0, 1 - static_cast<int>(element.getFPMantissaWidth())));
    }
  });
  return largest;
}

ExitCode Compilation::import() {
  ImportResult result = importModel(options.modelPath, *context, *weightStore);
  imported = std::move(result.module);
  if (result.status != ImportStatus::Done)
    return static_cast<ExitCode>(result.status);
  modelRounding = roundingOf(*imported);
  return report(checkMemory(options.maxMemory, "import"));
}

ExitCode Compilation::recover() {
  ExitCode code = runPasses("recover", ExitCode::Unsupported, addRecoverPasses);
  if (code != ExitCode::Done)
    return code;
  if (code = keepStates(); code != ExitCode::Done)
    return code;
  return describe();
}

ExitCode Compilation::describe() {
  llvm::Expected<ModelInterface> described = describeInterface(*imported, options.name, options.dims);
  if (!described) {
    llvm::Error error = described.takeError();
    ExitCode why = ExitCode::Unsupported;
    llvm::visitErrors(error, [&](const llvm::ErrorInfoBase &info) {
      if (info.convertToErrorCode() == std::errc::invalid_argument)
        why = ExitCode::Usage;
    });
    reportError(llvm::toString(std::move(error)));
    return why;
  }
  modelInterface = std::move(*described);
  return ExitCode::Done;
}

ExitCode Compilation::keepStates() {
  if (options.states.empty())
    return ExitCode::Done;
  if (llvm::Error error = matchStates(*imported, options.states)) {
    reportError(llvm::toString(std::move(error)));
    return ExitCode::Usage;
  }
  return runPasses("states", ExitCode::Usage, addStatePasses);
}

ExitCode Compilation::compress() {
  if (options.recipePath.empty())
    return ExitCode::Done;
  auto file = llvm::MemoryBuffer::getFile(options.recipePath);
  if (!file) {
    reportError(options.recipePath + ": " + file.getError().message());
    return ExitCode::Io;
  }
  llvm::Expected<Recipe> recipe = parseRecipe((*file)->getBuffer(), options.recipePath, options.measureSteps);
  if (!recipe) {
    reportError(llvm::toString(recipe.takeError()));
    return ExitCode::InputInvalid;
  }
  data = recipe->data;
  if (!data.empty() && !StringRef(data).starts_with("random:") && !llvm::sys::fs::exists(data)) {
    reportError(options.recipePath + ": data: no such file or folder: " + data);
    return ExitCode::Io;
  }
  FailureOr<OpPassManager> parsed = parsePassPipeline("builtin.module(" + recipe->pipeline + ")");
  if (failed(parsed)) {
    reportError("internal error: the recipe stands for no pipeline: " + recipe->pipeline);
    return ExitCode::Internal;
  }
  noteDimBounds(*imported, modelInterface);
  ExitCode code =
      runPasses("compress", ExitCode::InputInvalid, [&](OpPassManager &passes) { passes = *parsed; });
  return code == ExitCode::Done && options.measureSteps ? describe() : code;
}

ExitCode Compilation::roll() {
  return options.roll ? runPasses("roll", ExitCode::Internal, addRollPasses) : ExitCode::Done;
}

std::vector<std::string> Compilation::levelNames() const {
  std::vector<std::string> names;
  for (const LevelInfo *level : options.levels)
    names.push_back(level->name.str());
  return names;
}

ExitCode Compilation::formKernels() {
  bool tileProducts = llvm::any_of(options.levels, [](const LevelInfo *level) { return level->hasAmx; });
  ExitCode code = runPasses("kernels", ExitCode::Internal, [&](OpPassManager &passes) {
    addKernelPasses(passes, options.precision, tileProducts, levelNames());
  });
  if (code != ExitCode::Done)
    return code;
  // The memory plan turns main into something that has no attributes of main.
  if (auto main = imported->lookupSymbol<func::FuncOp>("main"))
    if (auto map = main->getAttrOfType<AffineMapAttr>(kWorkAttrName))
      work = map.getValue();
  return code;
}

ExitCode Compilation::lower() {
  if (llvm::Error error = placeWeights(*imported, *weightStore, plan)) {
    reportError(llvm::toString(std::move(error)));
    return ExitCode::Internal;
  }
  auto addScratch = [&](OpPassManager &passes) { addScratchPasses(passes, levelNames()); };
  if (ExitCode code = runPasses("scratch", ExitCode::Unsupported, addScratch); code != ExitCode::Done)
    return code;
  return runPasses("codegen", ExitCode::Internal,
                   [&](OpPassManager &passes) { addCodegenPasses(passes, levelNames()); });
}

TargetOptions Compilation::targetOptions(const WrittenWeights &weights, ArrayRef<uint8_t> embedded) const {
  TargetOptions target;
  target.levels = options.levels;
  target.weights.buildId = weights.buildId;
  target.weights.bytes = weights.bytes;
  target.weights.embedded = embedded;
  target.jobs = options.jobs;
  target.sanitizer = options.instrument == "thread"    ? Sanitizer::Thread
                     : options.instrument == "address" ? Sanitizer::Address
                                                       : Sanitizer::None;
  return target;
}

llvm::Expected<ObjectFile> Compilation::compile(const WrittenWeights &weights, ArrayRef<uint8_t> embedded) {
  return compileModule(*imported, modelInterface, targetOptions(weights, embedded));
}

llvm::Expected<std::string> Compilation::compileToText(TextForm form) {
  return pleat::compileToText(*imported, modelInterface, targetOptions({}, {}), form);
}

std::optional<int64_t> Compilation::arenaBytes() {
  SmallVector<int64_t> bounds;
  for (const DimSpec &dim : modelInterface.dims) {
    if (dim.upper == 0)
      return std::nullopt;
    bounds.push_back(dim.upper);
  }
  return arenaBytesAt(*imported, bounds);
}

std::string Compilation::arenaFormula() { return arenaText(*imported, modelInterface); }

std::pair<llvm::json::Value, llvm::json::Value> Compilation::workFormulas() {
  if (!work || work.getNumSymbols() > modelInterface.dims.size())
    return {nullptr, nullptr};
  SmallVector<std::string> dims;
  for (const DimSpec &dim : modelInterface.dims)
    dims.push_back(dim.name);
  return {sizeFormula(work.getResult(0), dims), sizeFormula(work.getResult(1), dims)};
}
