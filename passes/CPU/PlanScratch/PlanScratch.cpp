// How much memory the general path needs beside the stack. What becomes a buffer is decided
// by tiling, fusion and bufferization, and predicting them would be a second copy of them:
// they are run, and their buffers are counted.
#include "passes/CPU/PlanScratch/PlanScratch.h"

#include "passes/CPU/KernelEmitter.h"
#include "passes/CPU/LowerKernels/GeneralKernel.h"
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_PLANSCRATCH
#include "passes/CPU/PlanScratch/PlanScratch.h.inc"
} // namespace pleat

using namespace pleat;

namespace {

/// A kernel and a copy of it that is lowered, in a module of its own.
struct Trial {
  func::FuncOp kernel, copy, machine;
  bool isSplit; ///< among parts
};

struct PlanScratch : pleat::impl::PlanScratchBase<PlanScratch> {
  using PlanScratchBase::PlanScratchBase;

  void runOnOperation() override {
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    ModuleOp workspace = ModuleOp::create(builder, getOperation().getLoc());
    if (failed(plan(workspace)))
      signalPassFailure();
    workspace.erase();
  }

private:
  LogicalResult plan(ModuleOp workspace) {
    SmallVector<Trial> trials;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(PleatDialect::getKernelAttrName()) && !kernel->hasAttr(kScratchAttrName) &&
          isGeneral(kernel))
        trials.push_back(tryOut(kernel, workspace));
    if (trials.empty())
      return success();
    OpPassManager prepare(ModuleOp::getOperationName()), bufferize(ModuleOp::getOperationName());
    addPrepareGeneralKernelPasses(prepare.nest<ModuleOp>());
    if (failed(runPipeline(prepare, workspace)) || failed(emit(trials)))
      return failure();
    addBufferizePasses(bufferize.nest<ModuleOp>());
    if (failed(runPipeline(bufferize, workspace)))
      return failure();
    for (const Trial &trial : trials) {
      FailureOr<AffineMap> bytes = temporaryBytes(trial.machine, kernelSlots(trial.kernel));
      if (failed(bytes))
        return failure();
      if (*bytes)
        trial.kernel->setAttr(kScratchAttrName, AffineMapAttr::get(*bytes));
      if (!trial.isSplit && !hasFamily(trial.kernel))
        trial.kernel->removeAttr(kParallelAttrName);
    }
    return success();
  }

  bool isChosen(const LevelInfo &level) {
    return levels.empty() || llvm::is_contained(levels, level.name.str());
  }

  /// Whether `kernel` takes the general path at some level, and whether a family at some.
  bool isGeneral(func::FuncOp kernel) {
    return llvm::any_of(
        allLevels(), [&](const LevelInfo &level) { return isChosen(level) && !findFamily(kernel, level); });
  }
  bool hasFamily(func::FuncOp kernel) {
    return llvm::any_of(allLevels(),
                        [&](const LevelInfo &level) { return isChosen(level) && findFamily(kernel, level); });
  }

  static Trial tryOut(func::FuncOp kernel, ModuleOp workspace) {
    OpBuilder builder = OpBuilder::atBlockEnd(workspace.getBody());
    ModuleOp module = ModuleOp::create(builder, kernel.getLoc());
    builder.setInsertionPointToStart(module.getBody());
    return {kernel, cast<func::FuncOp>(builder.clone(*kernel)), nullptr, false};
  }

  /// Gives each copy its machine function and erases it.
  static LogicalResult emit(MutableArrayRef<Trial> trials) {
    for (Trial &trial : trials) {
      OpBuilder builder(trial.copy);
      trial.machine = createMachineFunction(builder, trial.kernel, (trial.kernel.getName() + "_trial").str());
      FailureOr<bool> isSplit = emitGeneralKernel(trial.copy, trial.machine);
      if (failed(isSplit))
        return failure();
      trial.isSplit = *isSplit;
      trial.copy.erase();
    }
    return success();
  }
};

} // namespace
