// Normalisation from its formula: the root mean square first, then what stands around it.
//
//   q = ReduceMean(d * d, last axis);  s = Sqrt(q + epsilon);  n = d / s
//   d = x - ReduceMean(x, last axis)                    a layer norm of x
//   otherwise                                           an RMS norm of d
//   y = n * scale (+ bias)                              taken in when n has no other reader
#include "passes/Conversion/RaiseNorms/RaiseNorms.h"

#include "passes/Analysis/SymbolicShapes/SymbolicShapes.h"
#include "passes/Utils/NodeMatch.h"

namespace pleat {
#define GEN_PASS_DEF_RAISENORMS
#include "passes/Conversion/RaiseNorms/RaiseNorms.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// A normalised tensor: `input` over the root mean square of itself, or of itself centred.
struct Norm {
  Value input;
  bool centred = false;
  double epsilon = 0;
};

/// Whether `node` averages the last axis and keeps it.
bool isMeanOfLastAxis(onnx::NodeOp node, SymbolicShapes &shapes) {
  if (!node || !node.is("ReduceMean") || node.intAttr("keepdims", 1) != 1)
    return false;
  std::optional<Sizes> sizes = shapes.sizes(node.input(0));
  std::optional<SmallVector<int64_t>> axes = node.intsAttr("axes");
  if (!axes && node.input(1))
    axes = shapes.constants(node.input(1));
  if (!sizes || !axes || axes->size() != 1)
    return false;
  return axes->front() == -1 || axes->front() == static_cast<int64_t>(sizes->size()) - 1;
}

/// The tensor whose square `value` is; null when it is none.
Value squareRootOf(Value value) {
  if (auto product = definedBy(value, "Mul")) {
    Value factor = behindIdentity(product.input(0));
    return factor == behindIdentity(product.input(1)) ? factor : Value();
  }
  if (auto power = definedBy(value, "Pow"); power && constantScalar(power.input(1)) == 2.0)
    return behindIdentity(power.input(0));
  return {};
}

/// Whether two values are one, or two nodes of the same type and inputs: exporters write
/// x - mean(x) twice.
bool areSame(Value a, Value b) {
  a = behindIdentity(a), b = behindIdentity(b);
  if (a == b)
    return true;
  auto left = a.getDefiningOp<onnx::NodeOp>(), right = b.getDefiningOp<onnx::NodeOp>();
  return left && right && left.is("Sub") && right.is("Sub") && left.getInputs() == right.getInputs();
}

/// The mean square and epsilon under a root `value` = sqrt(mean(d * d) + epsilon) of `d`.
std::optional<double> epsilonOfRoot(Value value, Value d, SymbolicShapes &shapes) {
  auto root = definedBy(value, "Sqrt");
  auto sum = root ? definedBy(root.input(0), "Add") : onnx::NodeOp();
  if (!sum)
    return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    auto mean = definedBy(sum.input(side), "ReduceMean");
    std::optional<double> epsilon = constantScalar(sum.input(1 - side));
    Value squared = mean && epsilon && isMeanOfLastAxis(mean, shapes) ? squareRootOf(mean.input(0)) : Value();
    if (squared && areSame(squared, d))
      return epsilon;
  }
  return std::nullopt;
}

/// epsilon when `node` is d / sqrt(mean(d * d) + epsilon), and `d`.
std::optional<Norm> matchRootMeanSquare(onnx::NodeOp node, SymbolicShapes &shapes) {
  auto with = [&](Value d, Value root) -> std::optional<Norm> {
    std::optional<double> epsilon = epsilonOfRoot(root, d, shapes);
    return epsilon ? std::optional<Norm>(Norm{behindIdentity(d), false, *epsilon}) : std::nullopt;
  };
  if (node.is("Div"))
    return with(node.input(0), node.input(1));
  if (!node.is("Mul"))
    return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    Value d = node.input(side), inverse = node.input(1 - side), root;
    if (auto reciprocal = definedBy(inverse, "Reciprocal"))
      root = reciprocal.input(0);
    else if (auto division = definedBy(inverse, "Div"); division && constantScalar(division.input(0)) == 1.0)
      root = division.input(1);
    if (std::optional<Norm> norm = root ? with(d, root) : std::nullopt)
      return norm;
  }
  return std::nullopt;
}

/// x when `d` is x - mean(x) over the last axis; null otherwise.
Value centredInput(Value d, SymbolicShapes &shapes) {
  auto difference = definedBy(d, "Sub");
  auto mean = difference ? definedBy(difference.input(1), "ReduceMean") : onnx::NodeOp();
  Value x = difference ? behindIdentity(difference.input(0)) : Value();
  return mean && isMeanOfLastAxis(mean, shapes) && behindIdentity(mean.input(0)) == x ? x : Value();
}

/// The constant vector over the last axis that the only reader of `value` combines it with;
/// null when it does something else.
Value parameterOf(Value value, StringRef type, SymbolicShapes &shapes, onnx::NodeOp &reader) {
  onnx::NodeOp user = onlyUser(value);
  if (!user || !user.is(type))
    return {};
  Value parameter = otherOperand(user, value);
  std::optional<Sizes> sizes = shapes.sizes(value),
                       given = parameter ? shapes.sizes(parameter) : std::nullopt;
  bool isVector = sizes && given && !given->empty() && isConstant(behindIdentity(parameter)) &&
                  given->back() == sizes->back() && shapes.algebra().product(*given) == sizes->back() &&
                  given->size() <= sizes->size();
  if (!isVector)
    return {};
  reader = user;
  return parameter;
}

/// Makes one node of `root`, which is `norm`, and of the scale and bias behind it.
void raise(onnx::NodeOp root, Norm norm, SymbolicShapes &shapes) {
  if (Value x = centredInput(norm.input, shapes)) {
    norm.input = x;
    norm.centred = true;
  }
  onnx::NodeOp last = root;
  Value scale = parameterOf(root.getResult(0), "Mul", shapes, last);
  Value bias = norm.centred && scale ? parameterOf(last.getResult(0), "Add", shapes, last) : Value();
  OpBuilder builder(last);
  SmallVector<Value> inputs{norm.input, scale, bias};
  while (inputs.size() > 1 && !inputs.back())
    inputs.pop_back();
  SmallVector<NamedAttribute> fields{builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1)),
                                     builder.getNamedAttr("epsilon", builder.getF32FloatAttr(norm.epsilon))};
  Value old = last.getResult(0);
  auto node = makeNode(builder, last.getLoc(), norm.centred ? "LayerNormalization" : "RMSNormalization",
                       norm.centred ? 17 : 23, inputs, fields, old.getType());
  shapes.transfer(old, node.getResult(0));
  old.replaceAllUsesWith(node.getResult(0));
}

struct RaiseNormsPass : public pleat::impl::RaiseNormsBase<RaiseNormsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    SymbolicShapes shapes(function);
    for (onnx::NodeOp node : llvm::to_vector(function.front().getOps<onnx::NodeOp>()))
      if (std::optional<Norm> norm = matchRootMeanSquare(node, shapes))
        raise(node, *norm, shapes);
    eraseUnusedNodes(function);
  }
};

} // namespace
