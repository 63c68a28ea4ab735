// Reads strides and dilations off the indexing maps.
#include "passes/CPU/WindowReduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace pleat;

/// The factor of dimension `dim` in the linear `expr`; nothing if it is not linear.
static std::optional<int64_t> factorOf(AffineExpr expr, unsigned dim) {
  if (auto is = dyn_cast<AffineDimExpr>(expr))
    return is.getPosition() == dim ? 1 : 0;
  if (isa<AffineConstantExpr>(expr))
    return 0;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> lhs = factorOf(binary.getLHS(), dim), rhs = factorOf(binary.getRHS(), dim);
  if (expr.getKind() == AffineExprKind::Add)
    return lhs && rhs ? std::optional(*lhs + *rhs) : std::nullopt;
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() != AffineExprKind::Mul || !constant || !lhs)
    return std::nullopt;
  return *lhs * constant.getValue();
}

/// Whether `expr` is dim(out) stride + dim(in) dilation, which are then noted.
static bool addAxis(AffineExpr expr, unsigned out, unsigned in, unsigned dims, WindowReduction &window) {
  std::optional<int64_t> stride = factorOf(expr, out), dilation = factorOf(expr, in);
  if (!stride || !dilation || *stride < 1 || *dilation < 1)
    return false;
  MLIRContext *context = expr.getContext();
  AffineExpr rebuilt = getAffineDimExpr(out, context) * *stride + getAffineDimExpr(in, context) * *dilation;
  if (simplifyAffineExpr(expr - rebuilt, dims, 0) != getAffineConstantExpr(0, context))
    return false;
  window.strides.push_back(*stride);
  window.dilations.push_back(*dilation);
  return true;
}

static bool hasWindowMaps(linalg::GenericOp op, WindowReduction &window) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      !isa<RankedTensorType>(op.getResult(0).getType()))
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned dims = op.getNumLoops(), spatial = op.getNumReductionLoops(), rank = 2 + spatial;
  auto extent = dyn_cast<RankedTensorType>(op.getDpsInputs()[1].getType());
  if (spatial < 1 || spatial > 2 || dims != rank + spatial || !extent || !extent.hasStaticShape() ||
      maps[0].getNumResults() != rank)
    return false;
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> outs, ins;
  for (unsigned dim = 0; dim < dims; ++dim)
    (dim < rank ? outs : ins).push_back(getAffineDimExpr(dim, context));
  if (maps[2] != AffineMap::get(dims, 0, outs, context) || maps[1] != AffineMap::get(dims, 0, ins, context) ||
      maps[0].getResult(0) != outs[0] || maps[0].getResult(1) != outs[1])
    return false;
  for (unsigned axis = 0; axis < spatial; ++axis)
    if (!addAxis(maps[0].getResult(2 + axis), 2 + axis, rank + axis, dims, window))
      return false;
  window.kernel.assign(extent.getShape().begin(), extent.getShape().end());
  return true;
}

/// Whether the body is one maximum or sum of the window's element and the result so far.
static bool hasWindowBody(linalg::GenericOp op, WindowReduction &window) {
  Block &body = *op.getBlock();
  if (!llvm::hasSingleElement(body.without_terminator()))
    return false;
  Operation &combine = body.front();
  window.isMax = isa<arith::MaximumFOp>(combine);
  if (!window.isMax && !isa<arith::AddFOp>(combine))
    return false;
  Value element = body.getArgument(0), result = body.getArgument(2);
  bool fits = (combine.getOperand(0) == element && combine.getOperand(1) == result) ||
              (combine.getOperand(1) == element && combine.getOperand(0) == result);
  return fits && body.getTerminator()->getOperand(0) == combine.getResult(0) && result.getType().isF32();
}

/// Whether `value` is what the folding of `window` starts from.
static bool isStart(Value value, const WindowReduction &window) {
  return window.isMax ? matchPattern(value, m_NegInfFloat()) : matchPattern(value, m_PosZeroFloat());
}

static bool takePads(WindowReduction &window, size_t spatial) {
  window.padsBefore.assign(spatial, 0);
  window.padsAfter.assign(spatial, 0);
  window.pad = window.x.getDefiningOp<tensor::PadOp>();
  if (!window.pad)
    return true;
  Value value = window.pad.getConstantPaddingValue();
  if (!value || !isStart(value, window) || !window.pad->hasOneUse())
    window.pad = nullptr; // the padded tensor is an input like any other
  if (!window.pad)
    return true;
  SmallVector<OpFoldResult> low = window.pad.getMixedLowPad(), high = window.pad.getMixedHighPad();
  for (size_t axis = 0; axis < low.size(); ++axis) {
    std::optional<int64_t> before = getConstantIntValue(low[axis]), after = getConstantIntValue(high[axis]);
    if (!before || !after || *before < 0 || *after < 0 || (axis < 2 && (*before || *after)))
      return false;
    if (axis >= 2) {
      window.padsBefore[axis - 2] = *before;
      window.padsAfter[axis - 2] = *after;
    }
  }
  window.x = window.pad.getSource();
  return true;
}

std::optional<WindowReduction> pleat::matchWindowReduction(linalg::GenericOp op) {
  WindowReduction window;
  if (!hasWindowMaps(op, window) || !hasWindowBody(op, window))
    return std::nullopt;
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  if (!fill || !isStart(fill.value(), window))
    return std::nullopt;
  window.x = op.getDpsInputs()[0];
  if (!takePads(window, window.kernel.size()))
    return std::nullopt;
  window.channels = cast<RankedTensorType>(window.x.getType()).getDimSize(1);
  if (ShapedType::isDynamic(window.channels) || window.channels == 0)
    return std::nullopt;
  return window;
}
