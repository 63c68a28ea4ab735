// Kernels in the test's process: the compiler's passes, LLVM's optimiser, ORC.
#include "test/unit/passes/CPU/KernelRunner.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/KernelAbi/KernelAbi.h"
#include "passes/CPU/LowerKernels/LowerKernels.h"
#include "passes/CPU/Scratch.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <limits>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace pleat::test;

static constexpr uint32_t kPattern = 0xA5A5A5A5;

GuardedBuffer::GuardedBuffer(size_t size) : count(size) {
  size_t page = sysconf(_SC_PAGESIZE);
  size_t data = (size * sizeof(float) + 64 + page - 1) / page * page;
  bytes = data + page;
  pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *end = static_cast<char *>(pages) + data;
  mprotect(end, page, PROT_NONE);
  first = reinterpret_cast<float *>(end) - size;
  for (uint32_t *word = static_cast<uint32_t *>(pages); word < reinterpret_cast<uint32_t *>(first); ++word)
    *word = kPattern;
  fill(std::numeric_limits<float>::quiet_NaN());
}

GuardedBuffer::~GuardedBuffer() { munmap(pages, bytes); }

void GuardedBuffer::fill(float value) { std::fill_n(first, count, value); }

bool GuardedBuffer::isIntact() const {
  const auto *begin = static_cast<const uint32_t *>(pages), *end = reinterpret_cast<const uint32_t *>(first);
  return std::all_of(begin, end, [](uint32_t word) { return word == kPattern; });
}

static llvm::Error makeError(const std::string &text) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
}

/// Makes every function runnable on x86-64-v3.
static void retarget(llvm::Module &module) {
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", "x86-64-v3");
    function.removeFnAttr("target-features");
    function.addFnAttr("prefer-vector-width", "256");
  }
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions options;
  options.LoopUnrolling = options.LoopVectorization = options.SLPVectorization = false;
  llvm::PassBuilder passes(&machine, options);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(graph);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, graph, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

namespace {

struct Lowered {
  std::unique_ptr<llvm::Module> module;
  std::string name; ///< of the kernel's machine function
  size_t scratch;   ///< bytes a part, where they are fixed
};

} // namespace

/// Declares the scratch of the kernels in `module` at `level`, as kernels are formed.
static size_t declareScratch(mlir::ModuleOp module, llvm::StringRef level) {
  size_t fixed = 0;
  for (auto kernel : module.getOps<mlir::func::FuncOp>()) {
    auto declared = kernel->getAttrOfType<mlir::AffineMapAttr>(pleat::kScratchAttrName);
    if (auto scratch = declared ? std::nullopt : pleat::scratchFor(kernel, pleat::findLevel(level)))
      kernel->setAttr(pleat::kScratchAttrName, declared = mlir::AffineMapAttr::get(*scratch));
    auto bytes =
        declared ? llvm::dyn_cast<mlir::AffineConstantExpr>(declared.getValue().getResult(0)) : nullptr;
    fixed = bytes ? bytes.getValue() : 0;
  }
  return fixed;
}

/// `text` at `level`.
static llvm::Expected<Lowered> lower(llvm::LLVMContext &llvmContext, llvm::StringRef text,
                                     llvm::StringRef level) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  registry.insert<pleat::PleatDialect>();
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    messages += diagnostic.str() + "\n";
    return mlir::success();
  });

  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return makeError(messages);
  size_t scratch = declareScratch(*module, level);
  mlir::PassManager passes(&context);
  pleat::LowerKernelsOptions options;
  options.levels = {level.str()};
  options.expandTiles = true;
  passes.addPass(pleat::createLowerKernels(options));
  if (mlir::failed(passes.run(*module)))
    return makeError(messages);
  std::string name;
  for (auto function : module->getOps<mlir::LLVM::LLVMFuncOp>())
    if (function->hasAttr("pleat.kernel_name"))
      name = function.getName().str();
  auto translated = mlir::translateModuleToLLVMIR(*module, llvmContext);
  if (!translated)
    return makeError(messages);
  return Lowered{std::move(translated), name, scratch};
}

llvm::Expected<CompiledKernel> CompiledKernel::compile(llvm::StringRef text, llvm::StringRef level) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto context = std::make_unique<llvm::LLVMContext>();
  auto lowered = lower(*context, text, level);
  if (!lowered)
    return lowered.takeError();
  auto &[module, name, scratch] = *lowered;

  llvm::orc::JITTargetMachineBuilder target(llvm::Triple("x86_64-unknown-linux-gnu"));
  target.setCPU("x86-64-v3").setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  auto machine = target.createTargetMachine();
  if (!machine)
    return machine.takeError();
  retarget(*module);
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple(llvm::Triple("x86_64-unknown-linux-gnu"));
  optimize(*module, **machine);

  auto jit = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(target).create();
  if (!jit)
    return jit.takeError();
  if (auto error = (*jit)->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))))
    return error;
  auto symbol = (*jit)->lookup(name);
  if (!symbol)
    return symbol.takeError();
  return CompiledKernel(std::move(*jit), symbol->toPtr<void (*)(const int64_t *, int64_t)>(), scratch);
}

CompiledKernel::CompiledKernel(std::unique_ptr<llvm::orc::LLJIT> jit, void (*code)(const int64_t *, int64_t),
                               size_t scratch)
    : jit(std::move(jit)), code(code), scratch(scratch) {}
CompiledKernel::CompiledKernel(CompiledKernel &&) = default;
CompiledKernel::~CompiledKernel() = default;

void CompiledKernel::run(std::vector<int64_t> operands, int64_t parts, size_t scratchBytes) const {
  // Scratch holds NaN, so that reading what no one wrote shows.
  GuardedBuffer scratch(scratchBytes * parts / sizeof(float));
  operands.insert(operands.begin(), parts);
  if (scratchBytes)
    operands.insert(operands.end(), {scratch.address(), int64_t(scratchBytes)});
  for (int64_t part = parts; part-- > 0;)
    code(operands.data(), part);
}

void CompiledKernel::runPart(std::vector<int64_t> operands, int64_t part, int64_t parts) const {
  operands.insert(operands.begin(), parts);
  code(operands.data(), part);
}

void pleat::test::fillRandom(float *values, size_t count, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  for (size_t i = 0; i < count; ++i)
    values[i] = uniform(engine);
}

std::vector<float> pleat::test::packPanels(const float *matrix, int64_t depth, int64_t columns) {
  int64_t panels = (columns + 15) / 16;
  std::vector<float> packed(panels * depth * 16, 0.0f);
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t column = 0; column < columns; ++column)
      packed[(column / 16 * depth + k) * 16 + column % 16] = matrix[k * columns + column];
  return packed;
}
