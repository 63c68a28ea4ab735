// Which pass runs after which, and nothing else.
#include "compiler/Pipelines/Pipelines.h"

#include "passes/CPU/LowerKernels/LowerKernels.h"
#include "passes/CPU/PlanMemory/PlanMemory.h"
#include "passes/CPU/PlanScratch/PlanScratch.h"
#include "passes/Conversion/ONNXToPleat/ONNXToPleat.h"
#include "passes/Conversion/RaiseActivations/RaiseActivations.h"
#include "passes/Conversion/RaiseAttention/RaiseAttention.h"
#include "passes/Conversion/RaiseNorms/RaiseNorms.h"
#include "passes/Conversion/RaiseRotary/RaiseRotary.h"
#include "passes/Optimization/AssignLayouts/AssignLayouts.h"
#include "passes/Optimization/CountWork/CountWork.h"
#include "passes/Optimization/ExpandFactors/ExpandFactors.h"
#include "passes/Optimization/FormKernels/FormKernels.h"
#include "passes/Optimization/FuseElementwise/FuseElementwise.h"
#include "passes/Optimization/KeepStates/KeepStates.h"
#include "passes/Optimization/RollLayers/RollLayers.h"

#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace pleat;

static void addCleanup(OpPassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void pleat::addRecoverPasses(OpPassManager &passes) {
  passes.addNestedPass<func::FuncOp>(createRaiseNorms());
  passes.addNestedPass<func::FuncOp>(createRaiseActivations());
  passes.addNestedPass<func::FuncOp>(createRaiseRotary());
  passes.addNestedPass<func::FuncOp>(createRaiseAttention());
  passes.addNestedPass<func::FuncOp>(createONNXToPleat());
  addCleanup(passes);
}

void pleat::addStatePasses(OpPassManager &passes) { passes.addNestedPass<func::FuncOp>(createKeepStates()); }

void pleat::addRollPasses(OpPassManager &passes) { passes.addNestedPass<func::FuncOp>(createRollLayers()); }

void pleat::addKernelPasses(OpPassManager &passes, StringRef precision, bool tileProducts,
                            ArrayRef<std::string> levels) {
  passes.addNestedPass<func::FuncOp>(createExpandFactors());
  passes.addNestedPass<func::FuncOp>(createFuseElementwise());
  addCleanup(passes);
  AssignLayoutsOptions layouts;
  layouts.precision = precision.str();
  layouts.tileProducts = tileProducts;
  passes.addNestedPass<func::FuncOp>(createAssignLayouts(layouts));
  passes.addNestedPass<func::FuncOp>(createCountWork());
  FormKernelsOptions kernels;
  kernels.levels = SmallVector<std::string>(levels);
  passes.addPass(createFormKernels(kernels));
  // Not CSE: equal launches that write different outputs are all needed.
  passes.addPass(createCanonicalizerPass());
}

void pleat::addScratchPasses(OpPassManager &passes, ArrayRef<std::string> levels) {
  PlanScratchOptions options;
  options.levels = SmallVector<std::string>(levels);
  passes.addPass(createPlanScratch(options));
}

void pleat::addCodegenPasses(OpPassManager &passes, ArrayRef<std::string> levels) {
  passes.addPass(createPlanMemory());
  LowerKernelsOptions options;
  options.levels = SmallVector<std::string>(levels);
  passes.addPass(createLowerKernels(options));
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(passes);
}

void pleat::registerPipelines() {
  PassPipelineRegistration<>("pleat-pipeline-recover", "imported ONNX to recovered IR", addRecoverPasses);
  PassPipelineRegistration<>("pleat-pipeline-states", "recovered IR to appended and replaced states",
                             addStatePasses);
  PassPipelineRegistration<>("pleat-pipeline-roll", "recovered layers to one repeat", addRollPasses);
  PassPipelineRegistration<>("pleat-pipeline-kernels", "recovered IR to kernels",
                             [](OpPassManager &passes) { addKernelPasses(passes); });
  PassPipelineRegistration<>("pleat-pipeline-codegen", "kernels to the LLVM dialect, all levels",
                             [](OpPassManager &passes) {
                               addScratchPasses(passes, {});
                               addCodegenPasses(passes, {});
                             });
}
