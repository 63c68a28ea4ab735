// Small questions about onnx nodes, and building them.
#include "passes/Utils/NodeMatch.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace pleat;

Value pleat::behindIdentity(Value value) {
  while (auto node = value ? value.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp()) {
    if (!node.is("Identity"))
      break;
    value = node.input(0);
  }
  return value;
}

onnx::NodeOp pleat::definedBy(Value value, StringRef type) {
  Value source = behindIdentity(value);
  auto node = source ? source.getDefiningOp<onnx::NodeOp>() : onnx::NodeOp();
  return node && node.is(type) ? node : onnx::NodeOp();
}

std::optional<double> pleat::constantScalar(Value value) {
  DenseElementsAttr elements;
  if (!value || !matchPattern(behindIdentity(value), m_Constant(&elements)) || !elements.isSplat() ||
      elements.getNumElements() == 0)
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  if (isa<IntegerType>(elements.getElementType()))
    return static_cast<double>(elements.getSplatValue<APInt>().getSExtValue());
  return std::nullopt;
}

bool pleat::isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (isa<WeightOp>(op) || op->hasTrait<OpTrait::ConstantLike>());
}

bool pleat::isClose(double a, double b) { return std::abs(a - b) <= 1e-4 * std::abs(b); }

Value pleat::otherOperand(onnx::NodeOp node, Value value) {
  if (behindIdentity(node.input(0)) == value)
    return node.input(1);
  return behindIdentity(node.input(1)) == value ? node.input(0) : Value();
}

onnx::NodeOp pleat::onlyUser(Value value) {
  return value.hasOneUse() ? dyn_cast<onnx::NodeOp>(*value.getUsers().begin()) : onnx::NodeOp();
}

onnx::NodeOp pleat::makeNode(OpBuilder &builder, Location location, StringRef type, unsigned opset,
                             ValueRange inputs, ArrayRef<NamedAttribute> fields, Type result,
                             StringRef domain) {
  return onnx::NodeOp::create(builder, location, TypeRange(result), type, domain, opset,
                              builder.getDictionaryAttr(fields), ArrayAttr(), inputs, 0);
}

void pleat::eraseUnusedNodes(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (isa<onnx::NodeOp, onnx::NoneOp>(op) && op.use_empty())
      op.erase();
}
