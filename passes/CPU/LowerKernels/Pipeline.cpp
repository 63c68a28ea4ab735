// The order of passes on the general path, before and after machine functions are made.
#include "passes/CPU/EmitLoops/EmitLoops.h"
#include "passes/CPU/ExpandMath/ExpandMath.h"
#include "passes/CPU/ExpandReshapes/ExpandReshapes.h"
#include "passes/CPU/ExpandTiles/ExpandTiles.h"
#include "passes/CPU/LowerKernels/GeneralKernel.h"
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h"
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void pleat::addPrepareGeneralKernelPasses(OpPassManager &modulePasses) {
  OpPassManager &functions = modulePasses.nest<func::FuncOp>();
  functions.addPass(pleat::createPleatToLinalg());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
}

namespace {

/// Math ops that are one instruction of every level become LLVM's intrinsics, also on
/// vectors: convert-math-to-libm would call fmaf and sqrtf, element by element.
struct ConvertInstructionMath : PassWrapper<ConvertInstructionMath, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertInstructionMath)

  StringRef getName() const override { return "ConvertInstructionMath"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect>();
  }

  void runOnOperation() override {
    LLVMTypeConverter converter(&getContext());
    RewritePatternSet patterns(&getContext());
    populateMathToLLVMConversionPatterns(converter, patterns);
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addIllegalOp<math::AbsFOp, math::CeilOp, math::CopySignOp, math::FloorOp, math::FmaOp,
                        math::RoundEvenOp, math::SqrtOp, math::TruncOp>();
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

/// bf16 is loaded and stored as integers: LLVM may widen a value of bf16 to f32 on its way
/// from memory to memory, and narrow it again by a library.
struct MoveBf16AsBits : PassWrapper<MoveBf16AsBits, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MoveBf16AsBits)

  StringRef getName() const override { return "MoveBf16AsBits"; }

  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (auto load = dyn_cast<LLVM::LoadOp>(op))
        visit(load);
      else if (auto store = dyn_cast<LLVM::StoreOp>(op))
        visit(store);
    });
  }

private:
  /// Integers in the shape of `type`, which is of bf16; null for others.
  static Type bitsOf(Type type) {
    Type bits = IntegerType::get(type.getContext(), 16);
    if (type.isBF16())
      return bits;
    auto vector = dyn_cast<VectorType>(type);
    return vector && vector.getElementType().isBF16() ? vector.clone(bits) : Type();
  }

  static void visit(LLVM::LoadOp load) {
    Type type = load.getType(), bits = bitsOf(type);
    if (!bits)
      return;
    OpBuilder builder(load->getContext());
    builder.setInsertionPointAfter(load);
    load.getResult().setType(bits);
    auto value = LLVM::BitcastOp::create(builder, load.getLoc(), type, load.getResult());
    load.getResult().replaceAllUsesExcept(value, value);
  }

  static void visit(LLVM::StoreOp store) {
    Type bits = bitsOf(store.getValue().getType());
    if (!bits)
      return;
    OpBuilder builder(store);
    store.getValueMutable().assign(LLVM::BitcastOp::create(builder, store.getLoc(), bits, store.getValue()));
  }
};

} // namespace

void pleat::addBufferizePasses(OpPassManager &modulePasses) {
  modulePasses.addPass(createCanonicalizerPass());
  modulePasses.addPass(createCSEPass());
  modulePasses.addPass(bufferization::createEmptyTensorEliminationPass());
  modulePasses.addPass(bufferization::createOneShotBufferizePass());
  // Without these two at once, copies of buffers to themselves survive.
  modulePasses.addPass(createCSEPass());
  modulePasses.addPass(createCanonicalizerPass());
  OpPassManager &functions = modulePasses.nest<func::FuncOp>();
  functions.addPass(pleat::createExpandReshapes());
  functions.addPass(createLoopInvariantCodeMotionPass());
  functions.addPass(bufferization::createBufferLoopHoistingPass());
}

void pleat::addLowerMachineFunctionPasses(OpPassManager &modulePasses, bool expandTiles) {
  if (expandTiles)
    modulePasses.addNestedPass<func::FuncOp>(pleat::createExpandTiles());
  addBufferizePasses(modulePasses);
  modulePasses.addNestedPass<func::FuncOp>(pleat::createPlaceTemporaries());
  modulePasses.addNestedPass<func::FuncOp>(pleat::createEmitLoops());
  modulePasses.addPass(pleat::createExpandMath());
  modulePasses.addPass(memref::createFoldMemRefAliasOpsPass());
  modulePasses.addPass(createCanonicalizerPass());
  modulePasses.addPass(createCSEPass());
  modulePasses.addPass(createLoopInvariantCodeMotionPass());
  modulePasses.addPass(memref::createExpandStridedMetadataPass());
  modulePasses.addPass(createLowerAffinePass());
  modulePasses.addPass(createSCFToControlFlowPass());
  modulePasses.addPass(std::make_unique<ConvertInstructionMath>());
  modulePasses.addPass(createConvertMathToLibmPass());
  modulePasses.addPass(createConvertToLLVMPass());
  modulePasses.addPass(createReconcileUnrealizedCastsPass());
  modulePasses.addPass(std::make_unique<MoveBf16AsBits>());
  modulePasses.addPass(createCanonicalizerPass());
  modulePasses.addPass(createCSEPass());
}
