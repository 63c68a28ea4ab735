// Runs the shape rules over a function: symbols from the arguments' names, sizes and contents
// node by node, equalities from the results' names.
#include "passes/Analysis/SymbolicShapes/SymbolicShapes.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SymbolicShapes/Rules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace pleat;

SymbolicShapes::SymbolicShapes(func::FuncOp function) : sizeAlgebra(function.getContext()) {
  if (function.isExternal())
    return;
  declareArguments(function);
  for (Operation &op : function.front()) {
    if (auto node = dyn_cast<onnx::NodeOp>(op))
      visitNode(node);
    else
      visitConstant(&op);
  }
  checkResults(function);
}

std::optional<Sizes> SymbolicShapes::sizes(Value value) const {
  auto found = sizeOf.find(value);
  if (found == sizeOf.end())
    return std::nullopt;
  return llvm::map_to_vector(found->second, [&](AffineExpr size) { return sizeAlgebra.canonical(size); });
}

std::optional<Sizes> SymbolicShapes::contents(Value value) const {
  auto found = contentsOf.find(value);
  if (found == contentsOf.end())
    return std::nullopt;
  return llvm::map_to_vector(found->second, [&](AffineExpr size) { return sizeAlgebra.canonical(size); });
}

std::optional<SmallVector<int64_t>> SymbolicShapes::constants(Value value) const {
  std::optional<Sizes> elements = contents(value);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (AffineExpr element : *elements) {
    std::optional<int64_t> number = sizeAlgebra.constantValue(element);
    if (!number)
      return std::nullopt;
    result.push_back(*number);
  }
  return result;
}

RankedTensorType SymbolicShapes::type(Value value) const {
  std::optional<Sizes> known = sizes(value);
  auto tensor = dyn_cast<TensorType>(value.getType());
  if (!known || !tensor)
    return {};
  SmallVector<int64_t> shape;
  for (AffineExpr size : *known)
    shape.push_back(sizeAlgebra.constantValue(size).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, tensor.getElementType());
}

StringRef SymbolicShapes::reason(Operation *node) const {
  auto found = reasons.find(node);
  return found == reasons.end() ? StringRef() : StringRef(found->second);
}

void SymbolicShapes::transfer(Value from, Value to) {
  if (auto known = sizeOf.find(from); known != sizeOf.end())
    sizeOf[to] = Sizes(known->second);
  if (auto known = contentsOf.find(from); known != contentsOf.end())
    contentsOf[to] = Sizes(known->second);
}

std::string SymbolicShapes::unnamedDim(unsigned argument, unsigned axis) {
  return ("arg" + Twine(argument) + "_dim" + Twine(axis)).str();
}

/// The text of axis `axis` in an `onnx.dims` attribute; empty when the size has no name.
static StringRef dimText(ArrayAttr dims, unsigned axis) {
  if (!dims || axis >= dims.size())
    return {};
  auto text = dyn_cast<StringAttr>(dims[axis]);
  return text ? text.getValue() : StringRef();
}

/// Whether an argument's dimension text is one name. Operators alone do not make an
/// expression: "batch-size" is a name too.
static bool isName(StringRef text) {
  return !text.empty() &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; }) &&
         !llvm::isDigit(text.front());
}

void SymbolicShapes::declareArguments(func::FuncOp function) {
  // Plain names first, so that "s15 + 1" is understood wherever s15 stands.
  auto forEachDynamic = [&](auto visit) {
    for (BlockArgument argument : function.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      auto dims =
          function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), onnx::ONNXDialect::getDimsAttrName());
      for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
        if (type.isDynamicDim(axis))
          visit(argument.getArgNumber(), axis, dimText(dims, axis));
    }
  };
  forEachDynamic([&](unsigned argument, unsigned axis, StringRef text) {
    if (isName(text) && !sizeAlgebra.named(text))
      sizeAlgebra.declare(text, argument, axis);
  });
  llvm::DenseMap<std::pair<unsigned, unsigned>, AffineExpr> dynamicSizes;
  forEachDynamic([&](unsigned argument, unsigned axis, StringRef text) {
    AffineExpr size = text.empty() ? AffineExpr() : sizeAlgebra.parse(text);
    if (!size) {
      std::string name = text.empty() ? unnamedDim(argument, axis) : text.str();
      size = sizeAlgebra.declare(name, argument, axis);
    }
    dynamicSizes[{argument, axis}] = size;
  });
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    Sizes sizes;
    for (auto [axis, size] : llvm::enumerate(type.getShape()))
      sizes.push_back(ShapedType::isDynamic(size) ? dynamicSizes.lookup({argument.getArgNumber(), axis})
                                                  : sizeAlgebra.constant(size));
    sizeOf[argument] = sizes;
  }
}

void SymbolicShapes::visitConstant(Operation *op) {
  for (Value result : op->getResults())
    if (auto type = dyn_cast<RankedTensorType>(result.getType()); type && type.hasStaticShape())
      sizeOf[result] =
          llvm::map_to_vector(type.getShape(), [&](int64_t size) { return sizeAlgebra.constant(size); });
  ElementsAttr value;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    value = dyn_cast<ElementsAttr>(constant.getValue());
  else if (auto weight = dyn_cast<WeightOp>(op))
    value = weight.getValue().value_or(ElementsAttr());
  auto elements = dyn_cast_or_null<DenseIntElementsAttr>(value);
  if (!elements || elements.getNumElements() > maxContents)
    return;
  Sizes contents;
  bool isSigned = !elements.getElementType().isUnsignedInteger() && !elements.getElementType().isInteger(1);
  for (const APInt &element : elements.getValues<APInt>())
    contents.push_back(sizeAlgebra.constant(isSigned ? element.getSExtValue() : element.getZExtValue()));
  contentsOf[op->getResult(0)] = contents;
}

/// The rule for an operator of the standard domain, or of one that raising made; null when
/// there is none.
static ShapeRule findRule(onnx::NodeOp node) {
  if (node.getDomain() == raisedDomain) {
    for (const NamedShapeRule &entry : raisedShapeRules())
      if (entry.type == node.getOpType())
        return entry.rule;
    return nullptr;
  }
  if (!node.getDomain().empty())
    return nullptr;
  for (ArrayRef<NamedShapeRule> family :
       {elementwiseShapeRules(), arithmeticShapeRules(), movementShapeRules(), networkShapeRules()})
    for (const NamedShapeRule &entry : family)
      if (entry.type == node.getOpType())
        return entry.rule;
  return nullptr;
}

void SymbolicShapes::visitNode(onnx::NodeOp node) {
  for (Value input : node.getInputs())
    if (!isa<NoneType>(input.getType()) && !sizeOf.contains(input))
      return; // Whoever reports the input's reason need not report this node.
  if (ShapeRule rule = findRule(node)) {
    NodeShapes facts(*this, node);
    if (succeeded(rule(facts)))
      return;
    reasons[node] =
        facts.reason.empty() ? "sizes of its results are not known at compile time" : facts.reason;
  }
  for (Value result : node.getResults()) {
    sizeOf.erase(result);
    contentsOf.erase(result);
  }
  // A node without a rule, or whose rule needs what only the run knows, may still have a
  // static type.
  visitConstant(node);
}

void SymbolicShapes::checkResults(func::FuncOp function) {
  auto terminator = function.front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    std::optional<Sizes> known = sizes(value);
    auto dims = function.getResultAttrOfType<ArrayAttr>(index, onnx::ONNXDialect::getDimsAttrName());
    for (unsigned axis = 0; known && axis < known->size(); ++axis) {
      StringRef text = dimText(dims, axis);
      // A name that is no input's is defined by what was computed.
      if (AffineExpr claimed = text.empty() ? AffineExpr() : sizeAlgebra.parse(text))
        sizeAlgebra.equate((*known)[axis], claimed);
    }
  }
}
