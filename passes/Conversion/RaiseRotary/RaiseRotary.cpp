// Rotations of pairs, matched from where the pairs are joined, or from the sum of x cos and
// its rotation times sin.
#include "passes/Conversion/RaiseRotary/RaiseRotary.h"

#include "passes/Analysis/SymbolicShapes/Rules.h"
#include "passes/Conversion/RaiseRotary/Pairs.h"
#include "passes/Conversion/RaiseRotary/RepeatedAngles.h"
#include "passes/Utils/NodeMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace pleat {
#define GEN_PASS_DEF_RAISEROTARY
#include "passes/Conversion/RaiseRotary/RaiseRotary.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// What was found of one rotation; the angles have D/2 as last size.
struct Rotation {
  Value x, cos, sin;
  bool interleaved;
};

/// A side of x times something.
struct Term {
  Side side;
  Value factor;
};

class Raiser {
public:
  explicit Raiser(SymbolicShapes &shapes) : shapes(shapes), repeated(shapes) {}

  /// Rewrites the rotation that ends in `root`; leaves everything alone when there is none.
  void visit(onnx::NodeOp root) {
    if (root->getNumResults() != 1)
      return;
    std::optional<Rotation> rotation = matchJoined(root);
    if (!rotation)
      rotation = matchSum(root);
    if (!rotation)
      rotation = matchNode(root);
    if (rotation)
      build(root, *rotation);
  }

private:
  /// A product of one side and something else, whichever operand is which.
  std::optional<Term> termOf(Value value) {
    auto product = definedBy(value, "Mul");
    if (!product)
      return std::nullopt;
    for (unsigned operand : {0u, 1u})
      if (std::optional<Side> side = sideOf(product.input(operand), shapes))
        return Term{*side, behindIdentity(product.input(1 - operand))};
    return std::nullopt;
  }

  /// join(a cos - b sin, a sin + b cos).
  std::optional<Rotation> matchJoined(onnx::NodeOp root) {
    if (!root.is("Concat") && !root.is("Reshape"))
      return std::nullopt;
    std::optional<JoinedPairs> pairs = joinedPairs(root.getResult(0), shapes);
    auto first = pairs ? definedBy(pairs->first, "Sub") : onnx::NodeOp();
    auto second = pairs ? definedBy(pairs->second, "Add") : onnx::NodeOp();
    if (!first || !second)
      return std::nullopt;
    std::optional<Term> ac = termOf(first.input(0)), bs = termOf(first.input(1));
    std::optional<Term> as = termOf(second.input(0)), bc = termOf(second.input(1));
    if (!ac || !bs || !as || !bc)
      return std::nullopt;
    if (as->side.isSecond)
      std::swap(as, bc);
    for (const Term *term : {&*ac, &*bs, &*as, &*bc})
      if (term->side.x != ac->side.x || term->side.interleaved != pairs->interleaved)
        return std::nullopt;
    bool rotates = !ac->side.isSecond && bs->side.isSecond && !as->side.isSecond && bc->side.isSecond &&
                   ac->factor == bc->factor && as->factor == bs->factor;
    return rotates ? std::optional(Rotation{ac->side.x, ac->factor, as->factor, pairs->interleaved})
                   : std::nullopt;
  }

  /// x cos + join(-b, a) sin.
  std::optional<Rotation> matchSum(onnx::NodeOp root) {
    if (!root.is("Add"))
      return std::nullopt;
    auto left = definedBy(root.input(0), "Mul"), right = definedBy(root.input(1), "Mul");
    if (!left || !right)
      return std::nullopt;
    for (auto [straight, turned] : {std::pair(left, right), std::pair(right, left)})
      for (unsigned operand : {0u, 1u})
        if (std::optional<Rotation> rotation =
                matchTurned(straight, turned.input(operand), turned.input(1 - operand)))
          return rotation;
    return std::nullopt;
  }

  std::optional<Rotation> matchTurned(onnx::NodeOp straight, Value turned, Value sin) {
    std::optional<JoinedPairs> pairs = joinedPairs(turned, shapes);
    auto negated = pairs ? definedBy(pairs->first, "Neg") : onnx::NodeOp();
    std::optional<Side> b = negated ? sideOf(negated.input(0), shapes) : std::nullopt;
    std::optional<Side> a = negated ? sideOf(pairs->second, shapes) : std::nullopt;
    if (!a || !b || a->isSecond || !b->isSecond || a->x != b->x || a->interleaved != pairs->interleaved ||
        b->interleaved != pairs->interleaved)
      return std::nullopt;
    Value cos = otherOperand(straight, a->x);
    if (!cos)
      return std::nullopt;
    Value halfCos = repeated.halve(cos, pairs->interleaved),
          halfSin = repeated.halve(sin, pairs->interleaved);
    return halfCos && halfSin ? std::optional(Rotation{a->x, halfCos, halfSin, pairs->interleaved})
                              : std::nullopt;
  }

  /// The standard's own op.
  std::optional<Rotation> matchNode(onnx::NodeOp root) {
    if (!root.is("RotaryEmbedding") || root.input(3) || root.intAttr("rotary_embedding_dim", 0) != 0)
      return std::nullopt;
    auto perHead = [&](Value cache) { return unsqueezed(root, cache, 1, 3); };
    Value cos = perHead(root.input(1)), sin = perHead(root.input(2));
    if (!cos || !sin)
      return std::nullopt;
    return Rotation{root.input(0), cos, sin, root.intAttr("interleaved", 0) != 0};
  }

  /// `value`, of rank `rank`, with an axis of size 1 put before `axis`; null for other ranks.
  Value unsqueezed(onnx::NodeOp root, Value value, int64_t axis, size_t rank) {
    std::optional<Sizes> sizes = value ? shapes.sizes(value) : std::nullopt;
    if (!sizes || sizes->size() != rank)
      return {};
    return withAxes(root, value, {axis}, *sizes);
  }

  Value withAxes(onnx::NodeOp root, Value value, ArrayRef<int64_t> axes, Sizes sizes) {
    OpBuilder builder(root);
    auto type = UnrankedTensorType::get(getElementTypeOrSelf(value.getType()));
    auto node = makeNode(builder, root.getLoc(), "Unsqueeze", 11, value,
                         builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr(axes)), type);
    for (int64_t axis : axes)
      sizes.insert(sizes.begin() + axis, shapes.algebra().constant(1));
    shapes.setSizes(node.getResult(0), sizes);
    node.getResult(0).setType(shapes.type(node.getResult(0)));
    return node.getResult(0);
  }

  /// Whether `angles` broadcast to x as B|1 x 1 x S x D/2; leading axes may be missing.
  bool fits(ArrayRef<AffineExpr> angles, ArrayRef<AffineExpr> x) {
    SizeAlgebra &algebra = shapes.algebra();
    if (angles.size() < 2 || angles.size() > 4)
      return false;
    Sizes padded(4 - angles.size(), algebra.constant(1));
    llvm::append_range(padded, angles);
    std::optional<int64_t> half = algebra.constantValue(padded[3]), whole = algebra.constantValue(x[3]);
    return half && whole && *whole == 2 * *half && padded[2] == x[2] &&
           algebra.constantValue(padded[1]) == 1 &&
           (padded[0] == x[0] || algebra.constantValue(padded[0]) == 1);
  }

  void build(onnx::NodeOp root, Rotation rotation) {
    std::optional<Sizes> x = shapes.sizes(rotation.x);
    std::optional<Sizes> cos = shapes.sizes(rotation.cos), sin = shapes.sizes(rotation.sin);
    bool isFloat = getElementTypeOrSelf(rotation.x.getType()).isF32();
    if (!isFloat || !x || x->size() != 4 || !cos || !sin || !fits(*cos, *x) || !fits(*sin, *x))
      return;
    auto rank4 = [&](Value angles, const Sizes &sizes) {
      SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, 4 - sizes.size()));
      return axes.empty() ? angles : withAxes(root, angles, axes, sizes);
    };
    Value first = rank4(rotation.cos, *cos), second = rank4(rotation.sin, *sin);
    // One batch and B of them are no one type; ops that fold B to 1 come later.
    if (shapes.sizes(first)->front() != shapes.sizes(second)->front())
      return;
    OpBuilder builder(root);
    SmallVector<NamedAttribute> fields;
    if (rotation.interleaved)
      fields.push_back(builder.getNamedAttr("interleaved", builder.getUnitAttr()));
    Value old = root.getResult(0);
    auto node = makeNode(builder, root.getLoc(), "Rotary", 1, {rotation.x, first, second}, fields,
                         old.getType(), raisedDomain);
    shapes.transfer(old, node.getResult(0));
    old.replaceAllUsesWith(node.getResult(0));
  }

  SymbolicShapes &shapes;
  RepeatedAngles repeated;
};

struct RaiseRotaryPass : public pleat::impl::RaiseRotaryBase<RaiseRotaryPass> {
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
