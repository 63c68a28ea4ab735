// Converts a function node by node, in order, then its interface: types, names, dimensions.
#include "passes/Conversion/ONNXToPleat/ONNXToPleat.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace pleat {
#define GEN_PASS_DEF_ONNXTOPLEAT
#include "passes/Conversion/ONNXToPleat/ONNXToPleat.h.inc"
} // namespace pleat

using namespace mlir;
using namespace pleat;

namespace {

/// Attributes of recovered functions that this pass defines.
constexpr llvm::StringLiteral dimEqualName = "pleat.dim_equal", unsignedName = "pleat.unsigned";

/// Makes the element types of constants and weights signless.
void makeConstantsSignless(func::FuncOp function, Lowering &lowering) {
  for (Operation &op : function.front()) {
    if (!isa<arith::ConstantOp, WeightOp>(op))
      continue;
    auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
    if (!type || !type.getElementType().isUnsignedInteger())
      continue;
    Type element = lowering.elementType(op.getResult(0));
    lowering.markUnsigned(op.getResult(0));
    auto value = op.getAttrOfType<DenseElementsAttr>("value");
    if (value)
      op.setAttr("value", value.bitcast(element));
    op.getResult(0).setType(type.clone(element));
  }
}

/// A tensor of known small contents: sizes are data here.
Value materialise(Lowering &lowering, Value old) {
  Sizes sizes = lowering.sizes(old), contents = *lowering.shapes.contents(old);
  Type element = lowering.elementType(old);
  RankedTensorType type = lowering.tensorType(sizes, element);
  if (std::optional<SmallVector<int64_t>> fixed = lowering.shapes.constants(old)) {
    SmallVector<Attribute> values;
    for (int64_t value : *fixed)
      values.push_back(IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), value, true, true)));
    return lowering.known(arith::ConstantOp::create(lowering, DenseElementsAttr::get(type, values)), sizes);
  }
  SmallVector<Value> elements;
  for (AffineExpr expr : contents)
    elements.push_back(arith::IndexCastOp::create(lowering, element, lowering.size(expr)));
  return lowering.known(tensor::FromElementsOp::create(lowering, type, elements), sizes);
}

/// Converts one node, or reports why not.
LogicalResult convertNode(Lowering &lowering, onnx::NodeOp node) {
  lowering.moveTo(node);
  if (std::optional<Unsupported> unsupported = whyUnsupported(node))
    return emitNodeError(node) << unsupported->reason;
  if (StringRef reason = lowering.shapes.reason(node); !reason.empty())
    return emitNodeError(node) << reason;
  bool allKnown = llvm::all_of(node->getResults(),
                               [&](Value result) { return lowering.shapes.sizes(result).has_value(); });
  if (!allKnown)
    return failure(); // An earlier node has been reported, and this one depends on it.
  bool isArithmetic =
      node->getNumResults() > 0 && llvm::all_of(node->getResults(), [&](Value result) {
        return lowering.shapes.contents(result).has_value() &&
               isa<IntegerType>(lowering.elementType(result)) &&
               (lowering.shapes.constants(result).has_value() || !lowering.elementType(result).isInteger(1));
      });
  if (!isArithmetic)
    return findSupportedOp(node)->convert(lowering);
  for (unsigned index = 0; index < node->getNumResults(); ++index)
    if (failed(lowering.give(materialise(lowering, node.getResult(index)), index)))
      return failure();
  return success();
}

/// Where a size is known better than the argument's type says, uses see it so.
void refineArguments(func::FuncOp function, Lowering &lowering) {
  lowering.setInsertionPointToStart(&function.front());
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    Type element = lowering.elementType(argument);
    argument.setType(type.clone(element));
    RankedTensorType refined = lowering.tensorType(lowering.sizes(argument), element);
    if (refined == argument.getType())
      continue;
    auto cast = tensor::CastOp::create(lowering, refined, argument);
    argument.replaceUsesWithIf(
        cast, [&](OpOperand &use) { return use.getOwner() != cast && !isa<tensor::DimOp>(use.getOwner()); });
    lowering.known(cast, lowering.sizes(argument));
    if (lowering.isUnsigned(argument))
      lowering.markUnsigned(cast);
  }
}

/// `pleat.dims` of sizes: integers and texts.
ArrayAttr dimsOf(Lowering &lowering, ArrayRef<AffineExpr> sizes) {
  SmallVector<Attribute> dims;
  for (AffineExpr size : sizes) {
    std::optional<int64_t> value = lowering.constantSize(size);
    dims.push_back(value ? Attribute(lowering.getI64IntegerAttr(*value))
                         : lowering.getStringAttr(lowering.algebra().print(size)));
  }
  return lowering.getArrayAttr(dims);
}

/// The name that the model gives to each dynamic axis of an argument.
ArrayAttr argumentDims(Lowering &lowering, BlockArgument argument, ArrayAttr given) {
  SmallVector<Attribute> dims;
  auto type = cast<RankedTensorType>(argument.getType());
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    auto text =
        given && axis < static_cast<int64_t>(given.size()) ? dyn_cast<StringAttr>(given[axis]) : StringAttr();
    if (!type.isDynamicDim(axis))
      dims.push_back(lowering.getI64IntegerAttr(type.getDimSize(axis)));
    else if (text && !text.getValue().empty())
      dims.push_back(text);
    else
      dims.push_back(lowering.getStringAttr(SymbolicShapes::unnamedDim(argument.getArgNumber(), axis)));
  }
  return lowering.getArrayAttr(dims);
}

void renameArguments(func::FuncOp function, Lowering &lowering, ArrayRef<bool> wasUnsigned) {
  StringRef onnxName = onnx::ONNXDialect::getNameAttrName(), onnxDims = onnx::ONNXDialect::getDimsAttrName();
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (!isa<RankedTensorType>(argument.getType()))
      continue;
    if (Attribute name = function.getArgAttr(index, onnxName))
      function.setArgAttr(index, PleatDialect::getNameAttrName(), name);
    auto dims = function.getArgAttrOfType<ArrayAttr>(index, onnxDims);
    function.setArgAttr(index, PleatDialect::getDimsAttrName(), argumentDims(lowering, argument, dims));
    if (wasUnsigned[index])
      function.setArgAttr(index, unsignedName, lowering.getUnitAttr());
    function.removeArgAttr(index, onnxName);
    function.removeArgAttr(index, onnxDims);
  }
}

void renameResults(func::FuncOp function, Lowering &lowering) {
  StringRef onnxName = onnx::ONNXDialect::getNameAttrName(), onnxDims = onnx::ONNXDialect::getDimsAttrName();
  auto results = function.front().getTerminator()->getOperands();
  for (auto [index, value] : llvm::enumerate(results)) {
    if (Attribute name = function.getResultAttr(index, onnxName))
      function.setResultAttr(index, PleatDialect::getNameAttrName(), name);
    function.setResultAttr(index, PleatDialect::getDimsAttrName(), dimsOf(lowering, lowering.sizes(value)));
    if (lowering.isUnsigned(value))
      function.setResultAttr(index, unsignedName, lowering.getUnitAttr());
    function.removeResultAttr(index, lowering.getStringAttr(onnxName));
    function.removeResultAttr(index, lowering.getStringAttr(onnxDims));
  }
}

/// The function's type after its body has changed, its attributes, and what the run checks.
void finishInterface(func::FuncOp function, Lowering &lowering, ArrayRef<bool> wasUnsigned) {
  function.setType(lowering.getFunctionType(function.front().getArgumentTypes(),
                                            function.front().getTerminator()->getOperandTypes()));
  renameArguments(function, lowering, wasUnsigned);
  renameResults(function, lowering);
  SmallVector<Attribute> pairs;
  for (auto [a, b] : lowering.algebra().equalities())
    pairs.push_back(lowering.getStrArrayAttr({lowering.algebra().print(a), lowering.algebra().print(b)}));
  if (!pairs.empty())
    function->setAttr(dimEqualName, lowering.getArrayAttr(pairs));
}

/// Shape arithmetic has lost its readers; from the end, so that chains go at once.
void eraseDead(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front()))) {
    bool dead = op.use_empty() && (isa<onnx::NodeOp, onnx::NoneOp>(op) || isOpTriviallyDead(&op));
    if (dead && !op.hasTrait<OpTrait::IsTerminator>())
      op.erase();
  }
}

struct ONNXToPleatPass : public pleat::impl::ONNXToPleatBase<ONNXToPleatPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    SmallVector<bool> wasUnsigned = llvm::map_to_vector(function.getArgumentTypes(), [](Type type) {
      return getElementTypeOrSelf(type).isUnsignedInteger();
    });
    SymbolicShapes shapes(function);
    Lowering lowering(function, shapes);
    makeConstantsSignless(function, lowering);
    refineArguments(function, lowering);
    bool failedOne = false;
    for (onnx::NodeOp node : llvm::to_vector(function.front().getOps<onnx::NodeOp>()))
      failedOne |= failed(convertNode(lowering, node));
    if (failedOne)
      return signalPassFailure();
    eraseDead(function);
    finishInterface(function, lowering, wasUnsigned);
  }
};

} // namespace
