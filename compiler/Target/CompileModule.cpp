// The order of the steps from MLIR to an object; each step has a file of its own.
#include "compiler/Target/CompileModule.h"

#include "compiler/Target/Codegen.h"
#include "compiler/Target/LevelAttributes.h"
#include "compiler/Target/LinkRuntime.h"
#include "compiler/Target/Linker.h"
#include "compiler/Target/MergeLevels.h"
#include "compiler/Target/ModelDescriptor.h"
#include "compiler/Target/ObjectAudit.h"
#include "compiler/Target/SplitLevels.h"
#include "runtime/abi/RuntimeImage.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace pleat;
using Bytes = llvm::SmallVector<char, 0>;

namespace {

/// A model on its way through LLVM.
struct Program {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> module;
  LinkedNames names;
};

} // namespace

/// The module attribute `pleat.kernels`: kernels in the order of the table.
static llvm::Expected<std::vector<std::string>> kernelTable(mlir::ModuleOp module) {
  auto kernels = module->getAttrOfType<mlir::ArrayAttr>("pleat.kernels");
  if (!kernels)
    return llvm::createStringError("the compiled module lacks the attribute 'pleat.kernels'");
  std::vector<std::string> names;
  for (auto kernel : kernels.getAsRange<mlir::FlatSymbolRefAttr>())
    names.push_back(kernel.getValue().str());
  return names;
}

static llvm::Error verify(const llvm::Module &module, llvm::StringRef when) {
  std::string why;
  llvm::raw_string_ostream stream(why);
  if (llvm::verifyModule(module, &stream))
    return llvm::createStringError("LLVM refuses the module " + when + ": " + why);
  return llvm::Error::success();
}

static llvm::Error translate(mlir::ModuleOp module, llvm::StringRef name, Program &program) {
  mlir::registerBuiltinDialectTranslation(*module->getContext());
  mlir::registerLLVMDialectTranslation(*module->getContext());
  program.module = mlir::translateModuleToLLVMIR(module, program.context, name);
  if (!program.module)
    return llvm::createStringError("the compiled module does not translate to LLVM IR");
  program.module->setSourceFileName(name);
  llvm::StripDebugInfo(*program.module);
  return verify(*program.module, "after translation");
}

/// Everything before LLVM's passes: the whole program, runtime included, as LLVM IR.
static llvm::Error build(mlir::ModuleOp module, const ModelInterface &interface, const TargetOptions &options,
                         Program &program) {
  auto kernels = kernelTable(module);
  if (!kernels)
    return kernels.takeError();
  auto machine = createMachine();
  if (!machine)
    return machine.takeError();
  program.machine = std::move(*machine);
  if (llvm::Error error = translate(module, interface.name, program))
    return error;
  adoptMachine(*program.module, *program.machine);
  mergeLevels(*program.module, options.levels, *kernels);
  if (llvm::Error error = addModelDescriptor(*program.module, interface, options, *kernels))
    return error;
  auto names = linkRuntime(*program.module, runtimeBitcode(), interface.name);
  if (!names)
    return names.takeError();
  program.names = std::move(*names);
  setLevelAttributes(*program.module, options.levels);
  markFunctions(*program.module);
  return verify(*program.module, "after linking the runtime");
}

/// Optimises one part of a program and makes an object of it.
static llvm::Expected<Bytes> compilePart(const ProgramPart &part, Sanitizer sanitizer) {
  llvm::LLVMContext context;
  auto machine = createMachine();
  if (!machine)
    return machine.takeError();
  auto module = llvm::parseBitcodeFile(llvm::MemoryBufferRef({part.data(), part.size()}, "part"), context);
  if (!module)
    return module.takeError();
  optimise(**module, **machine, sanitizer);
  return emitCode(**module, **machine, /*assembly=*/false);
}

/// Objects of all parts, in their order, `jobs` of them at a time.
static llvm::Expected<std::vector<Bytes>> compileParts(llvm::ArrayRef<ProgramPart> parts,
                                                       const TargetOptions &options) {
  std::vector<std::optional<llvm::Expected<Bytes>>> results(parts.size());
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(options.jobs));
  // The longest come last, so they begin first.
  for (size_t i = parts.size(); i-- > 0;)
    pool.async([&, i] { results[i].emplace(compilePart(parts[i], options.sanitizer)); });
  pool.wait();
  std::vector<Bytes> objects;
  llvm::Error failure = llvm::Error::success();
  for (std::optional<llvm::Expected<Bytes>> &result : results) {
    if (*result)
      objects.push_back(std::move(**result));
    else
      failure = llvm::joinErrors(std::move(failure), result->takeError());
  }
  if (failure)
    return std::move(failure);
  return objects;
}

llvm::Expected<ObjectFile> pleat::compileModule(mlir::ModuleOp module, const ModelInterface &interface,
                                                const TargetOptions &options) {
  Program program;
  if (llvm::Error error = build(module, interface, options, program))
    return std::move(error);
  auto parts = compileParts(splitLevels(*program.module, options.levels), options);
  if (!parts)
    return parts.takeError();
  auto code = joinObjects(std::move(*parts));
  if (!code)
    return code.takeError();
  ObjectFile object;
  object.bytes = std::move(*code);
  object.exports = program.names.exports;
  object.instrumented = options.sanitizer != Sanitizer::None;
  auto audit = auditObject(object.bytes, program.names, options.sanitizer);
  if (!audit)
    return audit.takeError();
  object.codeBytes = audit->codeBytes;
  return object;
}

llvm::Expected<std::string> pleat::compileToText(mlir::ModuleOp module, const ModelInterface &interface,
                                                 const TargetOptions &options, TextForm form) {
  Program program;
  if (llvm::Error error = build(module, interface, options, program))
    return std::move(error);
  optimise(*program.module, *program.machine, options.sanitizer);
  std::string text;
  if (form == TextForm::LLVM) {
    llvm::raw_string_ostream(text) << *program.module;
    return text;
  }
  auto code = emitCode(*program.module, *program.machine, /*assembly=*/true);
  if (!code)
    return code.takeError();
  return std::string(code->begin(), code->end());
}
