// What is fused: elementwise into its only reader, and transposes that no kernel with
// strided operands reads or writes. The rewriting itself is upstream's.
#include "passes/Optimization/FuseElementwise/FuseElementwise.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace pleat {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Optimization/FuseElementwise/FuseElementwise.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

static bool isView(Operation *op) { return isa<linalg::TransposeOp, ReshapeOp, tensor::ExtractSliceOp>(op); }

/// Whether an op that reads strided operands reads `value`, directly or through views.
static bool feedsStridedReader(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<AttentionOp, RotaryOp>(user) || (isView(user) && feedsStridedReader(user->getResult(0)));
  });
}

/// Whether `expr` adds up two loops or more: windows that move over an axis.
static bool isWindow(AffineExpr expr) {
  unsigned loops = 0;
  expr.walk([&](AffineExpr inner) { loops += isa<AffineDimExpr>(inner); });
  return loops > 1;
}

/// Windows overlap: fused into what folds them, a producer would be computed for each of
/// them, and the emitter of windows would not know the result.
static bool isWorthFusing(OpOperand *fused) {
  auto reader = cast<linalg::LinalgOp>(fused->getOwner());
  return fused->get().hasOneUse() &&
         llvm::none_of(reader.getMatchingIndexingMap(fused).getResults(), isWindow);
}

namespace {

/// A transpose as a generic op, so that its permutation can become an access map.
struct GeneralizeTranspose : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp transpose, PatternRewriter &rewriter) const override {
    if (transpose.getInput().getDefiningOp<AttentionOp>() || feedsStridedReader(transpose->getResult(0)))
      return failure();
    return linalg::generalizeNamedOp(rewriter, transpose);
  }
};

class FuseElementwisePass : public pleat::impl::FuseElementwiseBase<FuseElementwisePass> {
public:
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<GeneralizeTranspose>(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthFusing);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
