// Verifiers of the network ops. The sizes they compare may be dynamic.
#include "dialects/Pleat/IR/PleatDialect.h"
#include "dialects/Pleat/IR/ShapeChecks.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace pleat;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

LogicalResult AttentionOp::verify() {
  auto query = typeOf(getQuery()), key = typeOf(getKey()), value = typeOf(getValue());
  auto result = typeOf(getResult());
  for (RankedTensorType type : {query, key, value, result})
    if (type.getRank() != 4) // attention_c1
      return emitOpError("expects query, key, value and result of rank 4, but got ") << type;
  if (!sizesAgree(query.getDimSize(3), key.getDimSize(3))) // attention_c2
    return emitOpError("expects 'query' and 'key' to agree in head size, but got ")
           << query << " and " << key;
  if (!sizesAgree(key.getDimSize(1), value.getDimSize(1)) ||
      !sizesAgree(key.getDimSize(2), value.getDimSize(2))) // attention_c3
    return emitOpError("expects 'key' and 'value' to agree in heads and length, but got ")
           << key << " and " << value;
  int64_t heads = query.getDimSize(1), groups = key.getDimSize(1);
  if (ShapedType::isStatic(heads) && ShapedType::isStatic(groups) &&
      (groups == 0 || heads % groups)) // attention_c4
    return emitOpError("expects the heads of 'query' to be a multiple of those of 'key', but got ")
           << heads << " and " << groups;
  if (getMask() && typeOf(getMask()).getRank() != 4) // attention_c5
    return emitOpError("expects 'mask' to have rank 4, but got ") << typeOf(getMask());
  return success();
}

/// Norms: the result has x's type, and each parameter the shape of x's last axis.
static LogicalResult verifyNorm(Operation *op, RankedTensorType x, RankedTensorType result,
                                ArrayRef<std::pair<StringRef, Value>> parameters) {
  if (x != result || x.getRank() < 1)
    return op->emitOpError("expects a result of the type of 'x' and rank at least 1, but got ")
           << x << " and " << result;
  for (auto [name, value] : parameters) {
    if (!value)
      continue;
    auto type = typeOf(value);
    if (type.getRank() != 1 || !sizesAgree(type.getDimSize(0), x.getShape().back()))
      return op->emitOpError("expects '")
             << name << "' to have the shape of the last axis of 'x', but got " << type << " and " << x;
  }
  return success();
}

LogicalResult LayerNormOp::verify() { // layer_norm_c1, layer_norm_c2
  return verifyNorm(*this, typeOf(getX()), typeOf(getResult()), {{"scale", getScale()}, {"bias", getBias()}});
}

LogicalResult RmsNormOp::verify() { // rms_norm_c1, rms_norm_c2
  return verifyNorm(*this, typeOf(getX()), typeOf(getResult()), {{"scale", getScale()}});
}

LogicalResult RotaryOp::verify() {
  auto x = typeOf(getX()), cos = typeOf(getCos()), sin = typeOf(getSin());
  int64_t last = x.getShape().empty() ? 1 : x.getShape().back();
  if (x != typeOf(getResult()) || ShapedType::isDynamic(last) || last % 2) // rotary_c1
    return emitOpError("expects a result of the type of 'x' with an even last size, but got ")
           << x << " and " << typeOf(getResult());
  if (cos != sin || cos.getRank() < 1 || cos.getShape().back() != last / 2) // rotary_c2
    return emitOpError("expects 'cos' and 'sin' of one type with last size ")
           << last / 2 << ", but got " << cos << " and " << sin;
  return success();
}

LogicalResult ConvOp::verify() {
  auto x = typeOf(getX()), weight = typeOf(getWeight()), result = typeOf(getResult());
  int64_t rank = x.getRank();
  if (rank < 3 || rank > 4 || weight.getRank() != rank || result.getRank() != rank) // conv_c1
    return emitOpError("expects x, weight and result of one rank, 3 or 4, but got ")
           << x << ", " << weight << " and " << result;
  size_t spatial = rank - 2;
  if (getStrides().size() != spatial || getDilations().size() != spatial ||
      getPads().size() != 2 * spatial) // conv_c2
    return emitOpError("expects one stride, one dilation and two pads for each spatial axis, but got ")
           << getStrides().size() << ", " << getDilations().size() << " and " << getPads().size();
  int64_t group = getGroup();
  int64_t channels = weight.getDimSize(1), filters = weight.getDimSize(0);
  if (group < 1 || (ShapedType::isStatic(channels) && !sizesAgree(x.getDimSize(1), channels * group)) ||
      (ShapedType::isStatic(filters) && filters % group)) // conv_c3
    return emitOpError("expects 'group' to divide the channels of x and weight, but got ")
           << group << ", " << x << " and " << weight;
  if (getBias()) { // conv_c4
    auto bias = typeOf(getBias());
    if (bias.getRank() != 1 || bias.getDimSize(0) != weight.getDimSize(0))
      return emitOpError("expects 'bias' to have the first size of 'weight', but got ")
             << bias << " and " << weight;
  }
  return success();
}
