// Verifiers, inferred types and folders of weight expressions and their consumers.
#include "dialects/Pleat/IR/PleatDialect.h"
#include "dialects/Pleat/IR/ShapeChecks.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace pleat;

static constexpr int64_t maxLiteralBytes = 4096;

/// Bytes of one stored element; those of unknown width (index, none) count as 8.
static int64_t elementBytes(Type element) {
  return element.isIntOrFloat() ? (element.getIntOrFloatBitWidth() + 7) / 8 : 8;
}

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (getKey().has_value() == getValue().has_value()) // weight_c1
    return emitOpError("expects either a store key or a literal, but got ")
           << (getKey() ? "both" : "neither");
  if (!type.hasStaticShape()) // weight_c4
    return emitOpError("expects a static shape, but got ") << type;
  if (!getValue())
    return success();
  if (getValue()->getShapedType() != type) // weight_c2
    return emitOpError("expects the literal to have the result's type, but got ")
           << getValue()->getShapedType() << " and " << type;
  int64_t bytes = type.getNumElements() * elementBytes(type.getElementType());
  if (bytes > maxLiteralBytes) // weight_c3
    return emitOpError("expects a literal of at most ") << maxLiteralBytes << " bytes, but got " << bytes
                                                        << "; put it into a weight store and name its key";
  return success();
}

LogicalResult TransposedOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  auto weight = cast<RankedTensorType>(adaptor.getWeight().getType());
  if (weight.getRank() != 2) // transposed_c1
    return emitOptionalError(location, "'pleat.transposed' op expects 'weight' to have rank 2, but got ",
                             weight);
  types.push_back(weight.clone({weight.getDimSize(1), weight.getDimSize(0)}));
  return success();
}

OpFoldResult TransposedOp::fold(FoldAdaptor) {
  if (auto inner = getWeight().getDefiningOp<TransposedOp>())
    return inner.getWeight();
  return {};
}

LogicalResult LowRankOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto u = cast<RankedTensorType>(adaptor.getU().getType());
  auto v = cast<RankedTensorType>(adaptor.getV().getType());
  if (u.getRank() != 2 || v.getRank() != 2 || u.getElementType() != v.getElementType()) // low_rank_c1
    return emitOptionalError(
        location, "'pleat.low_rank' op expects 'u' and 'v' to be matrices of one element type, but got ", u,
        " and ", v);
  if (u.getDimSize(1) != v.getDimSize(0)) // low_rank_c2
    return emitOptionalError(location,
                             "'pleat.low_rank' op expects the inner sizes of 'u' and 'v' to match, but got ",
                             u, " and ", v);
  types.push_back(u.clone({u.getDimSize(0), v.getDimSize(1)}));
  return success();
}

LogicalResult LinearOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType());
  auto weight = cast<RankedTensorType>(getWeight().getType());
  auto result = cast<RankedTensorType>(getType());
  if (weight.getRank() != 2) // linear_c1
    return emitOpError("expects 'weight' to have rank 2, but got ") << weight;
  if (x.getRank() < 1 || !sizesAgree(x.getShape().back(), weight.getDimSize(0))) // linear_c2
    return emitOpError("expects the last size of 'x' to equal the first of 'weight', but got ")
           << x << " and " << weight;
  if (result.getRank() != x.getRank() || result.getShape().back() != weight.getDimSize(1) ||
      !shapesAgree(result.getShape().drop_back(), x.getShape().drop_back())) // linear_c3
    return emitOpError("expects a result with the leading sizes of 'x' and the last of 'weight', but got ")
           << x << ", " << weight << " and " << result;
  if (getBias()) { // linear_c4
    auto bias = cast<RankedTensorType>(getBias().getType());
    if (bias.getRank() != 1 || bias.getDimSize(0) != weight.getDimSize(1))
      return emitOpError("expects 'bias' to have the last size of 'weight', but got ")
             << bias << " and " << weight;
  }
  return success();
}

LogicalResult GatherOp::verify() {
  auto table = cast<RankedTensorType>(getTable().getType());
  auto ids = cast<RankedTensorType>(getIds().getType());
  auto result = cast<RankedTensorType>(getType());
  if (table.getRank() < 1) // gather_c1
    return emitOpError("expects 'table' to have rank at least 1, but got ") << table;
  SmallVector<int64_t> expected(ids.getShape());
  llvm::append_range(expected, table.getShape().drop_front());
  if (!shapesAgree(result.getShape(), expected)) // gather_c2
    return emitOpError("expects a result with the shape of 'ids' and the row shape of 'table', but got ")
           << table << ", " << ids << " and " << result;
  return success();
}

WeightOp pleat::weightBehind(Value value) {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto repeat = dyn_cast<RepeatOp>(argument.getOwner()->getParentOp());
      size_t carried = repeat ? repeat.getCarried().size() : 0;
      if (!repeat || argument.getArgNumber() < carried)
        return {};
      value = repeat.getStacked()[argument.getArgNumber() - carried];
    } else if (auto transposed = value.getDefiningOp<TransposedOp>()) {
      value = transposed.getWeight();
    } else if (auto stack = value.getDefiningOp<StackOp>()) {
      value = stack.getValues().front();
    } else {
      return value.getDefiningOp<WeightOp>();
    }
  }
}
