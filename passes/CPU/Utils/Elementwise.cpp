/// Matching walks from the roots to the leaves; code is made by the same walk, one vector
/// op for each scalar op of a body.
#include "passes/CPU/Utils/Elementwise.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/MathBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace pleat;

static bool isF32(Value value) { return getElementTypeOrSelf(value.getType()).isF32(); }

/// Whether a scalar op has a vector form of itself.
static bool isVectorizable(Operation &op) {
  auto isScalar = [](Type type) { return type.isF32() || type.isInteger(1) || type.isInteger(32); };
  return (OpTrait::hasElementwiseMappableTraits(&op) || isa<arith::ConstantOp>(op)) &&
         op.getNumRegions() == 0 && llvm::all_of(op.getResultTypes(), isScalar) &&
         llvm::all_of(op.getOperandTypes(), isScalar);
}

/// The one element of a constant, scalar or tensor; null for others.
static TypedAttr constantElement(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return {};
  auto dense = dyn_cast<DenseElementsAttr>(constant);
  if (dense && !dense.isSplat())
    return {};
  return cast<TypedAttr>(dense ? dense.getSplatValue<Attribute>() : constant);
}

static Value buildActivation(KernelBuilder &builder, ActivationKind kind, Value x) {
  Location loc = builder.getLoc();
  switch (kind) {
  case ActivationKind::Relu: {
    // The comparison is false for NaN, which is then kept.
    Value zero = builder.splat(0);
    Value negative = arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT, x, zero);
    return arith::SelectOp::create(builder, negative, zero, x);
  }
  case ActivationKind::GeluErf:
    return buildGeluErf(builder, loc, x);
  case ActivationKind::GeluTanh:
    return buildGeluTanh(builder, loc, x);
  case ActivationKind::Silu:
    return buildSilu(builder, loc, x);
  case ActivationKind::Sigmoid:
    return buildSigmoid(builder, loc, x);
  case ActivationKind::Tanh:
    return buildTanh(builder, loc, x);
  }
  llvm_unreachable("every activation has a formula");
}

static Value splatConstant(KernelBuilder &builder, TypedAttr element) {
  auto type = VectorType::get({builder.getLanes()}, element.getType());
  return arith::ConstantOp::create(builder, DenseElementsAttr::get(type, element));
}

/// Whether the body computes its result from its arguments and constants.
static bool isVectorizable(Block &body) {
  auto isKnown = [&](Value value) { return value.getParentBlock() == &body || constantElement(value); };
  return llvm::all_of(body.without_terminator(), [](Operation &op) { return isVectorizable(op); }) &&
         llvm::all_of(body, [&](Operation &op) { return llvm::all_of(op.getOperands(), isKnown); });
}

/// What `value` is a reshape of, as far as rows stay rows: vectors are found by flat row
/// and column, so that such a reshape changes nothing.
static Value behindReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>()) {
    ArrayRef<int64_t> from = cast<RankedTensorType>(reshape.getX().getType()).getShape();
    ArrayRef<int64_t> to = cast<RankedTensorType>(value.getType()).getShape();
    if (from.empty() || to.empty() || ShapedType::isDynamic(to.back()) || from.back() != to.back())
      break;
    value = reshape.getX();
  }
  return value;
}

static AffineMap identityOf(Value tensor) {
  return AffineMap::getMultiDimIdentityMap(cast<RankedTensorType>(tensor.getType()).getRank(),
                                           tensor.getContext());
}

bool Elementwise::addLeaf(func::FuncOp kernel, Value value, AffineMap map, ArrayRef<Extent> space) {
  if (!isF32(value))
    return false;
  if (constantElement(value))
    return true;
  if (!isa<RankedTensorType>(value.getType()))
    return false;
  std::optional<StridedView> source = sourceView(kernel, value);
  if (!source)
    return false;
  StridedView view{source->operand, source->offset, SmallVector<Extent>(space),
                   SmallVector<Extent>(space.size(), 0)};
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    if (source->sizes[axis].isConstant(1))
      continue;
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || !view.strides[dim.getPosition()].isConstant(0))
      return false;
    view.strides[dim.getPosition()] = source->strides[axis];
  }
  const Extent &column = view.strides.back();
  if (!column.isConstant(0) && !column.isConstant(1))
    return false;
  leaves.insert({{value, map}, view});
  return true;
}

bool Elementwise::addStructured(func::FuncOp kernel, Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured || op->getNumResults() != 1 || structured.getNumParallelLoops() != structured.getNumLoops())
    return false;
  OpOperand *init = structured.getDpsInitOperand(0);
  if (!structured.getMatchingIndexingMap(init).isIdentity() || structured.payloadUsesValueFromOperand(init))
    return false;
  std::optional<SmallVector<Extent>> space = sizesOf(kernel, op->getResult(0));
  if (!space || !isVectorizable(*structured.getBlock()))
    return false;
  return llvm::all_of(structured.getDpsInputOperands(), [&](OpOperand *input) {
    AffineMap map = structured.getMatchingIndexingMap(input);
    return (map.isIdentity() && addValue(kernel, input->get())) || addLeaf(kernel, input->get(), map, *space);
  });
}

bool Elementwise::addValue(func::FuncOp kernel, Value tensor) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || type.getRank() == 0 || !isF32(tensor))
    return false;
  Value value = behindReshapes(tensor);
  Operation *op = value.getDefiningOp();
  if (llvm::is_contained(given, value) || (op && contains(op)))
    return true;
  bool known = false;
  if (auto activation = value.getDefiningOp<ActivationOp>())
    known = addValue(kernel, activation.getX());
  else if (op && !isa<linalg::TransposeOp>(op))
    known = addStructured(kernel, op);
  if (known) {
    ops.push_back(op);
    return true;
  }
  std::optional<SmallVector<Extent>> space = sizesOf(kernel, value);
  return space && addLeaf(kernel, value, identityOf(value), *space);
}

std::optional<Elementwise> Elementwise::match(func::FuncOp kernel, ValueRange roots, ValueRange given) {
  Elementwise tree;
  tree.given.assign(given.begin(), given.end());
  for (Value root : roots)
    if (!tree.addValue(kernel, root))
      return std::nullopt;
  return tree;
}

ElementwiseCode::ElementwiseCode(const Elementwise &tree, const FrameValues &values, KernelBuilder &builder)
    : tree(tree) {
  for (auto &[access, view] : tree.leaves)
    leaves.try_emplace(access, values, builder, view);
}

/// One evaluation: results of shared subtrees are kept.
struct ElementwiseCode::Evaluation {
  KernelBuilder &builder;
  const VectorPosition &position;
  ValueRange given;
  DenseMap<Value, Value> done = DenseMap<Value, Value>();
};

Value ElementwiseCode::loadLeaf(Evaluation &evaluation, const Elementwise::Access &access) const {
  KernelBuilder &builder = evaluation.builder;
  const RowView &view = leaves.find(access)->second;
  Value offset = view.rowOffset(builder, evaluation.position.row);
  if (getConstantIntValue(view.columnStride()) == 0)
    return builder.broadcast(builder.loadScalar(view.memory(), offset));
  return builder.load(view.memory(), builder.add(offset, evaluation.position.column),
                      evaluation.position.count);
}

Value ElementwiseCode::mapBody(Evaluation &evaluation, Operation *op) const {
  auto structured = cast<linalg::LinalgOp>(op);
  KernelBuilder &builder = evaluation.builder;
  IRMapping mapping;
  for (OpOperand *input : structured.getDpsInputOperands())
    mapping.map(structured.getMatchingBlockArgument(input),
                evaluate(evaluation, input->get(), structured.getMatchingIndexingMap(input)));
  for (Operation &scalar : *structured.getBlock()) {
    for (Value operand : scalar.getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand, splatConstant(builder, constantElement(operand)));
    if (scalar.hasTrait<OpTrait::IsTerminator>() || constantElement(scalar.getResult(0)))
      continue;
    Operation *vector = builder.clone(scalar, mapping);
    vector->getResult(0).setType(VectorType::get({builder.getLanes()}, scalar.getResult(0).getType()));
    vector->setLoc(builder.getLoc());
  }
  return mapping.lookup(structured.getBlock()->getTerminator()->getOperand(0));
}

Value ElementwiseCode::evaluate(Evaluation &evaluation, Value tensor, AffineMap map) const {
  if (TypedAttr constant = constantElement(tensor))
    return splatConstant(evaluation.builder, constant);
  if (!map.isIdentity())
    return loadLeaf(evaluation, {tensor, map});
  return evaluate(evaluation, tensor);
}

Value ElementwiseCode::evaluate(Evaluation &evaluation, Value tensor) const {
  Value value = behindReshapes(tensor);
  for (auto [leaf, vector] : llvm::zip(tree.given, evaluation.given))
    if (leaf == value)
      return vector;
  if (Value known = evaluation.done.lookup(value))
    return known;
  Operation *op = value.getDefiningOp();
  Value vector;
  if (!op || !tree.contains(op))
    vector = loadLeaf(evaluation, {value, identityOf(value)});
  else if (auto activation = dyn_cast<ActivationOp>(op))
    vector =
        buildActivation(evaluation.builder, activation.getKind(), evaluate(evaluation, activation.getX()));
  else
    vector = mapBody(evaluation, op);
  return evaluation.done[value] = vector;
}

Value ElementwiseCode::evaluate(KernelBuilder &builder, Value root, const VectorPosition &position,
                                ValueRange given) const {
  Evaluation evaluation{builder, position, given};
  return evaluate(evaluation, root);
}
