// Attention from its parts, matched from the last product backwards:
//
//   y = P V;  P = Softmax(scores), perhaps with its NaNs replaced by 0
//   scores = factor * (q Q) (k K^T), then + mask or Where(condition, ., very negative)
//
// Q, K and V have rank 4 and symbolic shapes B x H x S x D, B x H x T x D, B x H x T x Dv.
#include "passes/Conversion/RaiseAttention/RaiseAttention.h"

#include "passes/Analysis/SymbolicShapes/Rules.h"
#include "passes/Conversion/RaiseAttention/CausalMask.h"
#include "passes/Utils/NodeMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace pleat {
#define GEN_PASS_DEF_RAISEATTENTION
#include "passes/Conversion/RaiseAttention/RaiseAttention.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// Scores at or below this vanish in a softmax.
constexpr double vanishing = -1e9;

/// What was found of one attention.
struct Parts {
  Value query, keyTransposed, value;
  double scale = 1;
  Value mask;        ///< Additive, before broadcasting; null for none.
  Value condition;   ///< Keeps the scores where true and hides them elsewhere; null for none.
  double hidden = 0; ///< What hides, with a condition.
  bool causal = false, maskedRowsZero = false;
};

class Raiser {
public:
  Raiser(SymbolicShapes &shapes) : shapes(shapes) {}

  /// Rewrites the attention that ends in `root`; leaves everything alone when there is none.
  void visit(onnx::NodeOp root) {
    std::optional<Parts> parts = match(root);
    if (parts)
      build(root, *parts);
  }

private:
  Sizes sizesOf(Value value) { return shapes.sizes(value).value_or(Sizes()); }

  std::optional<Parts> match(onnx::NodeOp root) {
    if (!root.is("MatMul") || !shapes.sizes(root.getResult(0)))
      return std::nullopt;
    Parts parts;
    parts.value = root.input(1);
    Value scores = scoresBehindSoftmax(root.input(0), parts);
    onnx::NodeOp product = scores ? matchScores(scores, parts) : onnx::NodeOp();
    if (!product || !hasShapes(root, product, parts))
      return std::nullopt;
    return parts;
  }

  /// The scores under `probabilities`, which nobody else reads; null when they are no softmax.
  Value scoresBehindSoftmax(Value probabilities, Parts &parts) {
    if (!probabilities.hasOneUse())
      return {};
    onnx::NodeOp softmax = definedBy(probabilities, "Softmax");
    if (auto choice = definedBy(probabilities, "Where"); choice && constantScalar(choice.input(1)) == 0.0) {
      auto isNaN = definedBy(choice.input(0), "IsNaN");
      softmax = definedBy(choice.input(2), "Softmax");
      if (!isNaN || !softmax || isNaN.input(0) != softmax.getResult(0) || !softmax.getResult(0).hasNUses(2))
        return {};
      parts.maskedRowsZero = true;
    }
    if (!softmax)
      return {};
    int64_t axis = softmax.intAttr("axis", softmax.getOpset() < 13 ? 1 : -1);
    return axis == -1 || axis == 3 ? softmax.input(0) : Value();
  }

  /// Peels masks and factors off `scores` down to the product of Q and K^T.
  onnx::NodeOp matchScores(Value scores, Parts &parts) {
    if (auto choice = definedBy(scores, "Where")) {
      std::optional<double> hidden = constantScalar(choice.input(2));
      if (!hidden || *hidden > vanishing)
        return {};
      parts.condition = choice.input(0);
      parts.hidden = *hidden;
      scores = choice.input(1);
    } else if (auto sum = definedBy(scores, "Add")) {
      bool first = leadsToProduct(sum.input(0));
      if (!first && !leadsToProduct(sum.input(1)))
        return {};
      scores = sum.input(first ? 0 : 1);
      parts.mask = sum.input(first ? 1 : 0);
    }
    scores = withoutFactor(scores, parts.scale);
    auto product = definedBy(scores, "MatMul");
    if (!product)
      return {};
    parts.query = withoutFactor(product.input(0), parts.scale);
    parts.keyTransposed = withoutFactor(product.input(1), parts.scale);
    return product;
  }

  bool leadsToProduct(Value value) {
    double ignored = 1;
    return static_cast<bool>(definedBy(withoutFactor(value, ignored), "MatMul"));
  }

  /// `value` without products with and divisions by constants, which go into `scale`.
  static Value withoutFactor(Value value, double &scale) {
    while (true) {
      value = behindIdentity(value);
      auto node = value.getDefiningOp<onnx::NodeOp>();
      if (!node || !(node.is("Mul") || node.is("Div")))
        return value;
      std::optional<double> right = constantScalar(node.input(1)), left = constantScalar(node.input(0));
      if (right && *right != 0) {
        scale *= node.is("Mul") ? *right : 1 / *right;
        value = node.input(0);
      } else if (left && node.is("Mul")) {
        scale *= *left;
        value = node.input(1);
      } else {
        return value;
      }
    }
  }

  /// Whether all parts have the shapes of an attention, without broadcasting between batches.
  bool hasShapes(onnx::NodeOp root, onnx::NodeOp product, const Parts &parts) {
    Sizes result = sizesOf(root.getResult(0)), scores = sizesOf(product.getResult(0));
    Sizes q = sizesOf(parts.query), k = sizesOf(parts.keyTransposed), v = sizesOf(parts.value);
    if (q.size() != 4 || k.size() != 4 || v.size() != 4 || scores.size() != 4 || result.size() != 4)
      return false;
    for (unsigned axis : {0u, 1u})
      if (q[axis] != scores[axis] || k[axis] != scores[axis] || v[axis] != scores[axis] ||
          result[axis] != scores[axis])
        return false;
    auto isFloat = [](Value value) { return getElementTypeOrSelf(value.getType()).isF32(); };
    if (!isFloat(parts.query) || !isFloat(parts.value))
      return false;
    for (Value extra : {parts.mask, parts.condition})
      if (extra && !spansAtMost(sizesOf(extra), scores))
        return false;
    return q[3] == k[2] && scores[3] == v[2];
  }

  /// Whether `sizes` broadcast to `target` and do not widen it.
  bool spansAtMost(ArrayRef<AffineExpr> sizes, ArrayRef<AffineExpr> target) {
    if (sizes.size() > target.size())
      return false;
    for (auto [size, whole] : llvm::zip(sizes, target.take_back(sizes.size())))
      if (size != whole && shapes.algebra().constantValue(size) != 1)
        return false;
    return true;
  }

  /// `transposed` with its last two axes exchanged.
  Value keyOf(OpBuilder &builder, Location location, Value transposed) {
    if (auto transpose = definedBy(transposed, "Transpose")) {
      SmallVector<int64_t> perm = transpose.intsAttr("perm").value_or(SmallVector<int64_t>{3, 2, 1, 0});
      std::swap(perm[2], perm[3]);
      if (llvm::is_sorted(perm))
        return transpose.input(0);
      return makeTranspose(builder, location, transpose.input(0), perm);
    }
    if (Value key = keyBehindFlatTranspose(transposed))
      return key;
    return makeTranspose(builder, location, transposed, {0, 1, 3, 2});
  }

  /// Torch transposes B x H x T x D through rank 3: the source, when `value` is that.
  Value keyBehindFlatTranspose(Value value) {
    auto outer = definedBy(value, "Reshape");
    auto transpose = outer ? definedBy(outer.input(0), "Transpose") : onnx::NodeOp();
    auto inner = transpose ? definedBy(transpose.input(0), "Reshape") : onnx::NodeOp();
    if (!inner || transpose.intsAttr("perm") != SmallVector<int64_t>{0, 2, 1})
      return {};
    Sizes source = sizesOf(inner.input(0)), flat = sizesOf(inner.getResult(0)),
          result = sizesOf(outer.getResult(0));
    if (source.size() != 4 || flat.size() != 3 || result.size() != 4)
      return {};
    bool same = flat[1] == source[2] && flat[2] == source[3] && result[0] == source[0] &&
                result[1] == source[1] && result[2] == source[3] && result[3] == source[2];
    return same ? inner.input(0) : Value();
  }

  Value makeTranspose(OpBuilder &builder, Location location, Value x, ArrayRef<int64_t> perm) {
    Sizes from = sizesOf(x), to;
    for (int64_t axis : perm)
      to.push_back(from[axis]);
    auto type = UnrankedTensorType::get(getElementTypeOrSelf(x.getType()));
    auto node = makeNode(builder, location, "Transpose", 13, x,
                         builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(perm)), type);
    return refined(node, to);
  }

  /// Notes the sizes of a new node, and gives it the type they make.
  Value refined(onnx::NodeOp node, ArrayRef<AffineExpr> sizes) {
    shapes.setSizes(node.getResult(0), Sizes(sizes));
    node.getResult(0).setType(shapes.type(node.getResult(0)));
    return node.getResult(0);
  }

  /// The heads before each was repeated for its group; `x` when none were.
  Value withoutRepeatedHeads(Value x) {
    auto reshape = definedBy(x, "Reshape");
    auto expand = reshape ? definedBy(reshape.input(0), "Expand") : onnx::NodeOp();
    Value spread = expand ? behindIdentity(expand.input(0)) : Value();
    auto inserted = spread ? spread.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
    if (!inserted || !(inserted.is("Unsqueeze") || inserted.is("Reshape")))
      return x;
    Value source = inserted.input(0);
    Sizes from = sizesOf(source), single = sizesOf(spread), many = sizesOf(expand.getResult(0)),
          to = sizesOf(reshape.getResult(0));
    if (from.size() != 4 || single.size() != 5 || many.size() != 5 || to.size() != 4)
      return x;
    SizeAlgebra &algebra = shapes.algebra();
    bool repeats = algebra.constantValue(single[2]) == 1;
    for (unsigned axis : {0u, 1u, 3u, 4u})
      repeats &= single[axis] == many[axis] && single[axis] == from[axis < 2 ? axis : axis - 1];
    repeats &=
        to[0] == from[0] && to[1] == algebra.mul(many[1], many[2]) && to[2] == from[2] && to[3] == from[3];
    return repeats ? source : x;
  }

  /// A rank-4 additive mask of what hides scores; null when nothing does or `causal` says it.
  Value maskOf(OpBuilder &builder, Location location, Parts &parts, AffineExpr queries, AffineExpr keys) {
    if (parts.condition) {
      if (isCausalCondition(parts.condition, queries, keys, shapes)) {
        parts.causal = true;
        return {};
      }
      return rank4(builder, location, maskFromCondition(builder, location, parts));
    }
    if (!parts.mask)
      return {};
    parts.causal = isCausalMask(parts.mask, queries, keys, shapes);
    return parts.causal ? Value() : rank4(builder, location, parts.mask);
  }

  Value maskFromCondition(OpBuilder &builder, Location location, const Parts &parts) {
    auto scalar = RankedTensorType::get({}, builder.getF32Type());
    auto constant = [&](float value) {
      Value result = arith::ConstantOp::create(builder, location, DenseElementsAttr::get(scalar, value));
      shapes.setSizes(result, {});
      return result;
    };
    Value open = constant(0), hidden = constant(parts.hidden);
    auto node = makeNode(builder, location, "Where", 16, {parts.condition, open, hidden}, {}, scalar);
    return refined(node, sizesOf(parts.condition));
  }

  /// `mask` with axes of size 1 before its own.
  Value rank4(OpBuilder &builder, Location location, Value mask) {
    Sizes sizes = sizesOf(mask);
    if (sizes.size() == 4)
      return mask;
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, 4 - sizes.size()));
    auto node = makeNode(builder, location, "Unsqueeze", 11, mask,
                         builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr(axes)), mask.getType());
    sizes.insert(sizes.begin(), axes.size(), shapes.algebra().constant(1));
    return refined(node, sizes);
  }

  void build(onnx::NodeOp root, Parts &parts) {
    OpBuilder builder(root);
    Location location = root.getLoc();
    Sizes q = sizesOf(parts.query), k = sizesOf(parts.keyTransposed);
    Value mask = maskOf(builder, location, parts, q[2], k[3]);
    Value key = keyOf(builder, location, parts.keyTransposed), value = parts.value;
    Value fewKeys = withoutRepeatedHeads(key), fewValues = withoutRepeatedHeads(value);
    if (sizesOf(fewKeys)[1] == sizesOf(fewValues)[1])
      key = fewKeys, value = fewValues;
    SmallVector<Value> inputs{parts.query, key, value};
    if (mask)
      inputs.push_back(mask);
    SmallVector<NamedAttribute> fields;
    if (parts.causal)
      fields.push_back(builder.getNamedAttr("causal", builder.getUnitAttr()));
    if (parts.maskedRowsZero)
      fields.push_back(builder.getNamedAttr("masked_rows_zero", builder.getUnitAttr()));
    fields.push_back(builder.getNamedAttr("scale", builder.getF32FloatAttr(parts.scale)));
    Value old = root.getResult(0);
    auto node = makeNode(builder, location, "Attention", 1, inputs, fields, old.getType(), raisedDomain);
    shapes.transfer(old, node.getResult(0));
    old.replaceAllUsesWith(node.getResult(0));
  }

  SymbolicShapes &shapes;
};

struct RaiseAttentionPass : public pleat::impl::RaiseAttentionBase<RaiseAttentionPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    SymbolicShapes shapes(function);
    Raiser raiser(shapes);
    for (onnx::NodeOp node : llvm::to_vector(function.front().getOps<onnx::NodeOp>()))
      raiser.visit(node);
    eraseUnusedNodes(function);
  }
};

} // namespace
