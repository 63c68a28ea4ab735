// A reshape of a dense buffer is the same memory with new sizes; its strides follow from them.
#include "passes/CPU/ExpandReshapes/ExpandReshapes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_EXPANDRESHAPES
#include "passes/CPU/ExpandReshapes/ExpandReshapes.h.inc"
} // namespace pleat

static OpFoldResult multiply(OpBuilder &builder, Location loc, OpFoldResult a, OpFoldResult b) {
  AffineExpr x = builder.getAffineSymbolExpr(0), y = builder.getAffineSymbolExpr(1);
  return affine::makeComposedFoldedAffineApply(builder, loc, x * y, {a, b});
}

/// `buffer`, whose elements are dense, under new sizes.
static Value viewAs(OpBuilder &builder, Location loc, Value buffer, MemRefType type,
                    ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides(sizes.size());
  OpFoldResult stride = builder.getIndexAttr(1);
  for (size_t axis = sizes.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride = multiply(builder, loc, stride, sizes[axis]);
  }
  Value view = memref::ReinterpretCastOp::create(builder, loc, buffer, OpFoldResult(builder.getIndexAttr(0)),
                                                 sizes, strides);
  return view.getType() == type ? view : Value(memref::CastOp::create(builder, loc, type, view));
}

namespace {

struct ExpandExpand : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op, PatternRewriter &rewriter) const override {
    if (!op.getSrcType().getLayout().isIdentity())
      return failure();
    rewriter.replaceOp(
        op, viewAs(rewriter, op.getLoc(), op.getSrc(), op.getResultType(), op.getMixedOutputShape()));
    return success();
  }
};

struct ExpandCollapse : OpRewritePattern<memref::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::CollapseShapeOp op, PatternRewriter &rewriter) const override {
    if (!op.getSrcType().getLayout().isIdentity())
      return failure();
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> before = memref::getMixedSizes(rewriter, loc, op.getSrc()), sizes;
    for (const ReassociationIndices &group : op.getReassociationIndices()) {
      OpFoldResult size = rewriter.getIndexAttr(1);
      for (int64_t axis : group)
        size = multiply(rewriter, loc, size, before[axis]);
      sizes.push_back(size);
    }
    rewriter.replaceOp(op, viewAs(rewriter, loc, op.getSrc(), op.getResultType(), sizes));
    return success();
  }
};

struct ExpandReshapes : pleat::impl::ExpandReshapesBase<ExpandReshapes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandExpand, ExpandCollapse>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
