// Reshapes, appended states, stacks and repetition.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace pleat;

namespace {

/// Any reshape is a collapse to one axis and an expansion of it.
struct ConvertReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto from = cast<RankedTensorType>(op.getX().getType()), to = cast<RankedTensorType>(op.getType());
    Location loc = op.getLoc();
    Value flat = op.getX();
    if (from.getRank() != 1)
      flat = tensor::CollapseShapeOp::create(rewriter, loc, flat, wholeRank(from.getRank()));
    if (to.getRank() == 0) {
      rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(op, to, flat, ArrayRef<ReassociationIndices>{});
      return success();
    }
    // A rank-0 tensor has no axis to collapse: it is expanded to the target at once.
    SmallVector<ReassociationIndices> groups;
    if (from.getRank() != 0)
      groups = wholeRank(to.getRank());
    SmallVector<OpFoldResult> sizes = getMixedValues(to.getShape(), op.getSizes(), rewriter);
    if (to.getRank() == 1 && from.getRank() != 0)
      rewriter.replaceOpWithNewOp<tensor::CastOp>(op, to, flat);
    else
      rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(op, to, flat, groups, sizes);
    return success();
  }

private:
  static SmallVector<ReassociationIndices> wholeRank(int64_t rank) {
    if (rank == 0)
      return {};
    return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
  }
};

struct ConvertAppend : OpRewritePattern<AppendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AppendOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<tensor::ConcatOp>(op, op.getType(), op.getAxis(),
                                                  ValueRange{op.getState(), op.getRows()});
    return success();
  }
};

/// The offsets, sizes and strides of slice `index` of a stack of `slice`s.
struct SliceOfStack {
  SliceOfStack(OpBuilder &builder, Location loc, int64_t index, ArrayRef<OpFoldResult> sliceSizes)
      : offsets(sliceSizes.size() + 1, builder.getIndexAttr(0)),
        strides(sliceSizes.size() + 1, builder.getIndexAttr(1)) {
    offsets.front() = builder.getIndexAttr(index);
    sizes.push_back(builder.getIndexAttr(1));
    llvm::append_range(sizes, sliceSizes);
  }
  SmallVector<OpFoldResult> offsets, sizes, strides;
};

Value unstack(OpBuilder &builder, Location loc, Value stack, int64_t index) {
  auto type = cast<RankedTensorType>(stack.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, stack);
  SliceOfStack slice(builder, loc, index, ArrayRef(sizes).drop_front());
  auto result = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  return tensor::ExtractSliceOp::create(builder, loc, result, stack, slice.offsets, slice.sizes,
                                        slice.strides);
}

Value stack(OpBuilder &builder, Location loc, ValueRange values) {
  SmallVector<OpFoldResult> sliceSizes = tensor::getMixedSizes(builder, loc, values.front());
  SmallVector<OpFoldResult> sizes = {builder.getIndexAttr(values.size())};
  llvm::append_range(sizes, sliceSizes);
  Type element = cast<RankedTensorType>(values.front().getType()).getElementType();
  Value result = tensor::EmptyOp::create(builder, loc, sizes, element);
  for (auto [index, value] : llvm::enumerate(values)) {
    SliceOfStack slice(builder, loc, index, sliceSizes);
    result =
        tensor::InsertSliceOp::create(builder, loc, value, result, slice.offsets, slice.sizes, slice.strides);
  }
  return result;
}

struct ConvertStack : OpRewritePattern<StackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(StackOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, stack(rewriter, op.getLoc(), op.getValues()));
    return success();
  }
};

struct ConvertUnstack : OpRewritePattern<UnstackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnstackOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, unstack(rewriter, op.getLoc(), op.getStack(), op.getIndex()));
    return success();
  }
};

struct ConvertRepeat : OpRewritePattern<RepeatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RepeatOp op, PatternRewriter &rewriter) const override {
    Block &body = op.getBody().front();
    size_t carriedCount = op.getCarried().size();
    SmallVector<Value> carried(op.getCarried());
    SmallVector<SmallVector<Value>> collected(op.getNumResults() - carriedCount);
    for (int64_t iteration = 0; iteration < static_cast<int64_t>(op.getCount()); ++iteration) {
      IRMapping mapping;
      mapping.map(body.getArguments().take_front(carriedCount), carried);
      for (auto [argument, whole] :
           llvm::zip_equal(body.getArguments().drop_front(carriedCount), op.getStacked()))
        mapping.map(argument, unstack(rewriter, op.getLoc(), whole, iteration));
      for (Operation &inner : body.without_terminator())
        rewriter.clone(inner, mapping);
      for (auto [index, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
        Value now = mapping.lookupOrDefault(value);
        if (index < carriedCount)
          carried[index] = now;
        else
          collected[index - carriedCount].push_back(now);
      }
    }
    SmallVector<Value> results = carried;
    for (ArrayRef<Value> values : collected)
      results.push_back(stack(rewriter, op.getLoc(), values));
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void pleat::populateStructureToLinalg(RewritePatternSet &patterns) {
  patterns.add<ConvertAppend, ConvertReshape, ConvertStack, ConvertUnstack, ConvertRepeat>(
      patterns.getContext());
}
