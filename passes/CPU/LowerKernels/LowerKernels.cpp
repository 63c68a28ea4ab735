// Who emits which kernel at which level, and how machine functions get back to the module.
//
// Machine functions are made in modules of their own inside a workspace module, so that
// the lowering runs over them in parallel and symbols (constants) do not meet.
#include "passes/CPU/LowerKernels/LowerKernels.h"

#include "passes/CPU/KernelAbi/KernelAbi.h"
#include "passes/CPU/KernelEmitter.h"
#include "passes/CPU/LowerKernels/GeneralKernel.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_LOWERKERNELS
#include "passes/CPU/LowerKernels/LowerKernels.h.inc"
} // namespace pleat

using namespace pleat;

/// Functions outside of a model that its kernels may call: libc's memory functions, and
/// libm where no expansion exists.
static bool mayCall(StringRef callee) {
  static constexpr StringLiteral kAllowed[] = {
      "memcpy", "memset", "memmove", "acosf", "acoshf", "asinf", "asinhf", "atanf", "atan2f", "atanhf",
      "coshf",  "sinhf",  "tanf",    "powf",  "sinf",   "cosf",  "fmodf",  "fmod",  "log1pf", "expm1f",
      "cbrtf",  "exp",    "log",     "pow",   "tanh",   "erf",   "sin",    "cos"};
  return llvm::is_contained(kAllowed, callee);
}

/// Reports what is left in `module` that no machine code is made from.
static LogicalResult checkMachineCode(ModuleOp module, StringRef kernel) {
  WalkResult result = module.walk([&](Operation *op) -> WalkResult {
    if (!isa<LLVM::LLVMDialect>(op->getDialect()) && !isa<ModuleOp>(op))
      return op->emitError() << "kernel '" << kernel << "' contains '" << op->getName()
                             << "', which has no machine form";
    auto call = dyn_cast<LLVM::CallOp>(op);
    if (!call)
      return WalkResult::advance();
    std::optional<StringRef> callee = call.getCallee();
    if (!callee)
      return op->emitError() << "kernel '" << kernel << "' calls through a pointer";
    if (!mayCall(*callee) && module.lookupSymbol<LLVM::LLVMFuncOp>(*callee).isExternal())
      return op->emitError() << "kernel '" << kernel << "' calls '" << *callee
                             << "', which an artefact must not depend on";
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static void setTarget(LLVM::LLVMFuncOp machine, const LevelInfo &level) {
  machine.setTargetCpu(level.cpu);
  if (!level.features.empty())
    machine.setTargetFeaturesAttr(
        LLVM::TargetFeaturesAttr::get(machine.getContext(), StringRef(level.features)));
  // LLVM's own choice for x86-64-v4 is 256 bits.
  machine.setPreferVectorWidth(level.lanes == 16 ? "512" : "256");
  machine.setNoUnwind(true);
}

namespace {

/// One machine function on its way.
struct Job {
  func::FuncOp kernel;
  const LevelInfo *level;
  ModuleOp module; ///< holds the machine function and what it needs
  std::string machineName;
};

struct LowerKernels : pleat::impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    SmallVector<const LevelInfo *> chosen;
    if (failed(chooseLevels(chosen)))
      return signalPassFailure();
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(PleatDialect::getKernelAttrName()))
        kernels.push_back(function);
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    ModuleOp workspace = ModuleOp::create(builder, getOperation().getLoc());
    if (failed(lower(kernels, chosen, workspace)))
      signalPassFailure();
    workspace.erase();
  }

private:
  LogicalResult chooseLevels(SmallVectorImpl<const LevelInfo *> &chosen) {
    for (const std::string &name : levels) {
      chosen.push_back(findLevel(name));
      if (!chosen.back())
        return emitError(getOperation().getLoc())
               << "unknown level '" << name << "'; known: x86-64-v3, x86-64-v4, x86-64-v4-amx";
    }
    if (chosen.empty())
      for (const LevelInfo &level : allLevels())
        chosen.push_back(&level);
    return success();
  }

  LogicalResult lower(ArrayRef<func::FuncOp> kernels, ArrayRef<const LevelInfo *> chosen,
                      ModuleOp workspace) {
    SmallVector<func::FuncOp> prepared;
    if (failed(prepareGeneral(kernels, chosen, workspace, prepared)))
      return failure();
    SmallVector<Job> jobs;
    for (auto [kernel, general] : llvm::zip_equal(kernels, prepared))
      for (const LevelInfo *level : chosen)
        if (failed(emitMachineFunction(kernel, general, *level, workspace, jobs)))
          return failure();
    for (func::FuncOp general : prepared)
      if (general)
        general->getParentOfType<ModuleOp>().erase();
    if (failed(lowerToLLVM(workspace)))
      return failure();
    for (Job &job : jobs)
      if (failed(publish(job)))
        return failure();
    for (func::FuncOp kernel : kernels)
      if (SymbolTable::symbolKnownUseEmpty(kernel, getOperation()))
        kernel.erase();
    return success();
  }

  /// Clones the kernels that take the general path at some level into modules of their own
  /// and prepares them; `prepared` gets one entry a kernel, null where families do it all.
  LogicalResult prepareGeneral(ArrayRef<func::FuncOp> kernels, ArrayRef<const LevelInfo *> chosen,
                               ModuleOp workspace, SmallVectorImpl<func::FuncOp> &prepared) {
    OpBuilder builder = OpBuilder::atBlockEnd(workspace.getBody());
    for (func::FuncOp kernel : kernels) {
      bool isGeneral =
          llvm::any_of(chosen, [&](const LevelInfo *level) { return !findFamily(kernel, *level); });
      prepared.push_back(nullptr);
      if (!isGeneral)
        continue;
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ModuleOp::create(builder, kernel.getLoc()).getBody());
      prepared.back() = cast<func::FuncOp>(builder.clone(*kernel));
    }
    OpPassManager passes(ModuleOp::getOperationName());
    addPrepareGeneralKernelPasses(passes.nest<ModuleOp>());
    return runPipeline(passes, workspace);
  }

  LogicalResult emitMachineFunction(func::FuncOp kernel, func::FuncOp general, const LevelInfo &level,
                                    ModuleOp workspace, SmallVectorImpl<Job> &jobs) {
    OpBuilder builder = OpBuilder::atBlockEnd(workspace.getBody());
    ModuleOp module = ModuleOp::create(builder, kernel.getLoc());
    builder.setInsertionPointToStart(module.getBody());
    std::string name = (kernel.getName() + level.suffix).str();
    func::FuncOp machine = createMachineFunction(builder, kernel, name);
    machine->setAttr(kLevelAttrName, builder.getStringAttr(level.name));
    jobs.push_back({kernel, &level, module, name});
    if (const KernelFamily *family = findFamily(kernel, level))
      return family->emit(kernel, machine, level);
    return emitGeneralKernel(general, machine);
  }

  LogicalResult lowerToLLVM(ModuleOp workspace) {
    OpPassManager passes(ModuleOp::getOperationName());
    addLowerMachineFunctionPasses(passes.nest<ModuleOp>(), expandTiles);
    return runPipeline(passes, workspace);
  }

  /// Moves a machine function and its constants to the end of the module.
  LogicalResult publish(Job &job) {
    if (failed(checkMachineCode(job.module, job.kernel.getName())))
      return failure();
    SymbolTable own(job.module), whole(getOperation());
    auto machine = own.lookup<LLVM::LLVMFuncOp>(job.machineName);
    setTarget(machine, *job.level);
    machine->setAttr(kKernelNameAttrName, job.kernel.getSymNameAttr());
    for (Operation &op : llvm::make_early_inc_range(*job.module.getBody())) {
      auto symbol = cast<SymbolOpInterface>(op);
      if (&op == machine)
        continue;
      if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op); function && function.isExternal()) {
        if (!whole.lookup(symbol.getName()))
          move(op);
        continue;
      }
      std::string name = (Twine(job.machineName) + "_" + symbol.getName()).str();
      if (failed(own.rename(&op, name)))
        return failure();
      move(op);
    }
    if (whole.lookup(job.machineName))
      return job.kernel.emitError() << "expects symbol '" << job.machineName
                                    << "' to be free for its machine function";
    move(*machine);
    return success();
  }

  void move(Operation &op) {
    Block *body = getOperation().getBody();
    // The workspace is the last op.
    op.moveBefore(&body->back());
  }
};

} // namespace
