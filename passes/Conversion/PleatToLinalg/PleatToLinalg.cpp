// The pass; each family of ops has its patterns in a file of its own.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_PLEATTOLINALG
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h.inc"
} // namespace pleat

namespace {

struct PleatToLinalg : pleat::impl::PleatToLinalgBase<PleatToLinalg> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    pleat::populateWeightToLinalg(patterns);
    pleat::populateNormToLinalg(patterns);
    pleat::populateAttentionToLinalg(patterns);
    pleat::populateConvToLinalg(patterns);
    pleat::populateStructureToLinalg(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
