// Every knob of LLVM that changes the code of a model is turned here.
#include "compiler/Target/Codegen.h"

#include "compiler/Target/TraceWideAccesses.h"

#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Instrumentation/ThreadSanitizer.h"

using namespace llvm;
using namespace pleat;

Expected<std::unique_ptr<TargetMachine>> pleat::createMachine() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser(); // the runtime asks the processor in assembly
  Triple triple("x86_64-pc-linux-gnu");
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError(error);
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  // A product and a sum become one operation where the IR says so, at every level alike.
  options.AllowFPOpFusion = FPOpFusion::Strict;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple, "x86-64", "", options, Reloc::PIC_, CodeModel::Small));
}

void pleat::adoptMachine(Module &module, const TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
}

void pleat::markFunctions(Module &module) {
  module.setPICLevel(PICLevel::BigPIC);
  // Profilers and crash reports of the host see through our frames.
  module.setUwtable(UWTableKind::Async);
  for (Function &function : module)
    if (!function.isDeclaration()) {
      function.setUWTableKind(UWTableKind::Async);
      function.setDoesNotThrow();
    }
}

static void addSanitizer(PassBuilder &builder, Module &module, Sanitizer sanitizer) {
  bool address = sanitizer == Sanitizer::Address;
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(address ? Attribute::SanitizeAddress : Attribute::SanitizeThread);
  builder.registerOptimizerLastEPCallback(
      [=](ModulePassManager &passes, OptimizationLevel, ThinOrFullLTOPhase) {
        if (address) {
          passes.addPass(AddressSanitizerPass(AddressSanitizerOptions()));
          return;
        }
        passes.addPass(ModuleThreadSanitizerPass());
        passes.addPass(createModuleToFunctionPassAdaptor(TraceWideAccesses()));
        passes.addPass(createModuleToFunctionPassAdaptor(ThreadSanitizerPass()));
      });
}

void pleat::optimise(Module &module, TargetMachine &machine, Sanitizer sanitizer) {
  PipelineTuningOptions tuning;
  // Emitters unroll as far as registers go; more would only cost code. What is left scalar
  // comes from the general path and gains from vectors.
  tuning.LoopUnrolling = false;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = false;
  PassBuilder builder(&machine, tuning);
  if (sanitizer != Sanitizer::None)
    addSanitizer(builder, module, sanitizer);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2).run(module, modules);
}

Expected<SmallVector<char, 0>> pleat::emitCode(Module &module, TargetMachine &machine, bool assembly) {
  SmallVector<char, 0> code;
  raw_svector_ostream stream(code);
  legacy::PassManager passes;
  auto type = assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("the target cannot emit this kind of file");
  passes.run(module);
  return code;
}
