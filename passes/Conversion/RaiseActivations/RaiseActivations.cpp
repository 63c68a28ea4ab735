// GELU as a polynomial identity: with t the erf or tanh, the result is x/2 + x t / 2, and the
// argument of t is a polynomial of x with known coefficients.
#include "passes/Conversion/RaiseActivations/RaiseActivations.h"

#include "passes/Utils/NodeMatch.h"

#include <map>

namespace pleat {
#define GEN_PASS_DEF_RAISEACTIVATIONS
#include "passes/Conversion/RaiseActivations/RaiseActivations.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// Coefficients by (power of x, power of t).
using Coefficients = std::map<std::pair<int, int>, double>;

/// How many nodes deep a formula may be.
constexpr unsigned maxDepth = 8;
/// Powers beyond this belong to no formula here.
constexpr int maxPower = 4;

std::optional<Coefficients> multiply(const Coefficients &a, const Coefficients &b) {
  Coefficients result;
  for (auto [left, x] : a)
    for (auto [right, y] : b) {
      std::pair<int, int> powers(left.first + right.first, left.second + right.second);
      if (powers.first > maxPower || powers.second > maxPower)
        return std::nullopt;
      result[powers] += x * y;
    }
  return result;
}

Coefficients add(Coefficients a, const Coefficients &b, double factor) {
  for (auto [powers, value] : b)
    a[powers] += factor * value;
  return a;
}

/// `value` as a polynomial of the tensors `x` and `t` (which may be null).
std::optional<Coefficients> polynomial(Value value, Value x, Value t, unsigned depth = 0) {
  value = behindIdentity(value);
  if (value == x)
    return Coefficients{{{1, 0}, 1.0}};
  if (t && value == t)
    return Coefficients{{{0, 1}, 1.0}};
  if (std::optional<double> constant = constantScalar(value))
    return Coefficients{{{0, 0}, *constant}};
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || !node.getDomain().empty() || node.getInputs().size() != 2 || depth == maxDepth)
    return std::nullopt;
  std::optional<Coefficients> a = polynomial(node.input(0), x, t, depth + 1);
  if (!a)
    return std::nullopt;
  std::optional<double> constant = constantScalar(node.input(1));
  if (node.is("Div"))
    return constant && *constant != 0 ? multiply(*a, {{{0, 0}, 1 / *constant}}) : std::nullopt;
  if (node.is("Pow")) {
    if (constant != 2.0 && constant != 3.0)
      return std::nullopt;
    std::optional<Coefficients> power = multiply(*a, *a);
    return power && constant == 3.0 ? multiply(*power, *a) : power;
  }
  std::optional<Coefficients> b = polynomial(node.input(1), x, t, depth + 1);
  if (!b)
    return std::nullopt;
  if (node.is("Mul"))
    return multiply(*a, *b);
  if (node.is("Add") || node.is("Sub"))
    return add(*a, *b, node.is("Add") ? 1 : -1);
  return std::nullopt;
}

/// Whether `have` has these coefficients and no others.
bool matches(const Coefficients &have, const Coefficients &expected) {
  for (auto [powers, value] : expected)
    if (auto found = have.find(powers); found == have.end() || !isClose(found->second, value))
      return false;
  return llvm::all_of(have,
                      [&](const auto &entry) { return expected.count(entry.first) || entry.second == 0; });
}

/// Values that the argument of a function is computed from, itself first: one of them is x.
void collectSources(Value value, SmallVectorImpl<Value> &sources, unsigned depth = 0) {
  value = behindIdentity(value);
  if (constantScalar(value) || llvm::is_contained(sources, value))
    return;
  sources.push_back(value);
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || depth == maxDepth)
    return;
  for (Value input : node.getInputs())
    if (!isa<NoneType>(input.getType()))
      collectSources(input, sources, depth + 1);
}

/// The tensor that `function`, an Erf or Tanh, is a GELU's function of; null otherwise.
Value geluInput(onnx::NodeOp function) {
  bool tanh = function.is("Tanh");
  double slope = tanh ? std::sqrt(2 / M_PI) : std::sqrt(0.5);
  Coefficients expected{{{1, 0}, slope}};
  if (tanh)
    expected[{3, 0}] = slope * 0.044715;
  SmallVector<Value> sources;
  collectSources(function.input(0), sources);
  for (Value x : sources)
    if (std::optional<Coefficients> argument = polynomial(function.input(0), x, {});
        argument && matches(*argument, expected))
      return x;
  return {};
}

/// The node that computes x/2 + x t / 2, among those that follow `t`; null when there is none.
onnx::NodeOp geluRoot(Value x, Value t) {
  const Coefficients expected{{{1, 0}, 0.5}, {{1, 1}, 0.5}};
  SmallVector<Value> reached{t};
  for (unsigned index = 0; index < reached.size() && index < maxDepth; ++index)
    for (Operation *user : reached[index].getUsers()) {
      auto node = dyn_cast<onnx::NodeOp>(user);
      if (!node || node->getNumResults() != 1)
        continue;
      std::optional<Coefficients> formula = polynomial(node.getResult(0), x, t);
      if (formula && matches(*formula, expected))
        return node;
      if (formula)
        reached.push_back(node.getResult(0));
    }
  return {};
}

void replace(onnx::NodeOp root, Value x, StringRef type, unsigned opset, ArrayRef<NamedAttribute> fields) {
  OpBuilder builder(root);
  auto node = makeNode(builder, root.getLoc(), type, opset, x, fields, root.getResult(0).getType());
  root.getResult(0).replaceAllUsesWith(node.getResult(0));
}

void raiseGelu(onnx::NodeOp function) {
  Value x = geluInput(function);
  onnx::NodeOp root = x ? geluRoot(x, function.getResult(0)) : onnx::NodeOp();
  if (!root)
    return;
  Builder b(function.getContext());
  replace(root, x, "Gelu", 20,
          b.getNamedAttr("approximate", b.getStringAttr(function.is("Tanh") ? "tanh" : "none")));
}

void raiseSilu(onnx::NodeOp sigmoid) {
  Value x = behindIdentity(sigmoid.input(0));
  onnx::NodeOp product = onlyUser(sigmoid.getResult(0));
  if (product && product.is("Mul") && behindIdentity(otherOperand(product, sigmoid.getResult(0))) == x)
    replace(product, x, "Swish", 24, {});
}

struct RaiseActivationsPass : public pleat::impl::RaiseActivationsBase<RaiseActivationsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    for (onnx::NodeOp node : llvm::to_vector(function.front().getOps<onnx::NodeOp>())) {
      if (node.is("Erf") || node.is("Tanh"))
        raiseGelu(node);
      else if (node.is("Sigmoid"))
        raiseSilu(node);
    }
    eraseUnusedNodes(function);
  }
};

} // namespace
