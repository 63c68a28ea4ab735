// x (U V) = (x U) V, and x (A + B) = x A + x B. The second addend goes in as an
// accumulation, so that the sum is the epilogue of one linear.
#include "passes/Optimization/ExpandFactors/ExpandFactors.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace pleat {
#define GEN_PASS_DEF_EXPANDFACTORS
#include "passes/Optimization/ExpandFactors/ExpandFactors.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

/// The type of x W for a weight of `columns` columns.
static RankedTensorType productType(Value x, int64_t columns) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = columns;
  return type.clone(shape);
}

namespace {

/// A product of a factored weight's parts keeps what its linear says beside its operands.
LinearOp inheritAttributes(LinearOp part, LinearOp whole) {
  part->setDiscardableAttrs(whole->getDiscardableAttrDictionary());
  return part;
}

struct ExpandLowRank : OpRewritePattern<LinearOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LinearOp linear, PatternRewriter &rewriter) const override {
    auto product = linear.getWeight().getDefiningOp<LowRankOp>();
    if (!product)
      return failure();
    int64_t rank = cast<RankedTensorType>(product.getU().getType()).getDimSize(1);
    Location loc = linear.getLoc();
    auto thin = LinearOp::create(rewriter, loc, productType(linear.getX(), rank), linear.getX(),
                                 product.getU(), Value());
    auto wide = LinearOp::create(rewriter, loc, linear.getType(), inheritAttributes(thin, linear).getResult(),
                                 product.getV(), linear.getBias());
    rewriter.replaceOp(linear, inheritAttributes(wide, linear).getResult());
    return success();
  }
};

struct ExpandSum : OpRewritePattern<LinearOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LinearOp linear, PatternRewriter &rewriter) const override {
    auto sum = linear.getWeight().getDefiningOp<SumOp>();
    if (!sum)
      return failure();
    Location loc = linear.getLoc();
    Type type = linear.getType();
    auto first = LinearOp::create(rewriter, loc, type, linear.getX(), sum.getA(), Value());
    auto second = LinearOp::create(rewriter, loc, type, linear.getX(), sum.getB(), linear.getBias());
    inheritAttributes(first, linear);
    inheritAttributes(second, linear);
    AffineMap identity = rewriter.getMultiDimIdentityMap(cast<RankedTensorType>(type).getRank());
    SmallVector<utils::IteratorType> loops(identity.getNumDims(), utils::IteratorType::parallel);
    auto add = linalg::GenericOp::create(
        rewriter, loc, type, first.getResult(), second.getResult(), ArrayRef<AffineMap>{identity, identity},
        loops, [](OpBuilder &b, Location l, ValueRange values) {
          linalg::YieldOp::create(b, l, arith::AddFOp::create(b, l, values[0], values[1]).getResult());
        });
    rewriter.replaceOp(linear, add.getResults());
    return success();
  }
};

class ExpandFactorsPass : public pleat::impl::ExpandFactorsBase<ExpandFactorsPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandLowRank, ExpandSum>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
