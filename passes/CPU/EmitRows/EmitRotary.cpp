/// Position by position: the angles of a block of columns are loaded once, and all heads
/// turn by them. Positions are divided among the parts. Products are rounded one by one, as
/// the op's formula says.
#include "passes/CPU/EmitRows/EmitRotary.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/CPU/Utils/FrameValues.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace pleat;

namespace {

/// A rotary kernel's parts; views have the axes B, H, S and D or D/2.
struct RotaryKernel {
  bool interleaved;
  StridedView x, cos, sin, result;
};

} // namespace

/// cos or sin with a head axis; stride 0 on axes of size 1.
static std::optional<StridedView> angleView(func::FuncOp kernel, Value angles) {
  std::optional<StridedView> view = sourceView(kernel, angles);
  if (!view || !view->strides.back().isConstant(1))
    return std::nullopt;
  if (view->rank() == 3) {
    view->sizes.insert(view->sizes.begin() + 1, Extent(1));
    view->strides.insert(view->strides.begin() + 1, Extent(0));
  }
  for (unsigned axis = 0; axis + 1 < view->rank(); ++axis)
    if (view->sizes[axis].isConstant(1))
      view->strides[axis] = Extent(0);
  return view->rank() == 4 ? view : std::nullopt;
}

static std::optional<RotaryKernel> matchRotary(func::FuncOp kernel) {
  auto ops = kernel.getOps<RotaryOp>();
  if (kernel.getNumResults() != 1 || !llvm::hasSingleElement(ops))
    return std::nullopt;
  RotaryOp rotary = *ops.begin();
  if (!cast<RankedTensorType>(rotary.getX().getType()).getElementType().isF32())
    return std::nullopt;
  std::optional<StridedView> x = sourceView(kernel, rotary.getX());
  std::optional<StridedView> cos = angleView(kernel, rotary.getCos()),
                             sin = angleView(kernel, rotary.getSin());
  std::optional<Destination> destination = destinationView(kernel, 0);
  if (!x || !cos || !sin || !destination || destination->value != rotary.getResult() || x->rank() != 4 ||
      !x->strides.back().isConstant(1) || !destination->view.strides.back().isConstant(1))
    return std::nullopt;
  return RotaryKernel{rotary.getInterleaved(), *x, *cos, *sin, destination->view};
}

bool pleat::appliesEmitRotary(func::FuncOp kernel, const LevelInfo &) {
  return matchRotary(kernel).has_value();
}

namespace {

/// A tensor in flat memory and the offset of one position of one batch in it.
struct Place {
  Value memory, offset, headStride;
};

class RotaryCode {
public:
  RotaryCode(const RotaryKernel &match, KernelBuilder &builder, const FrameValues &values)
      : match(match), builder(builder), values(values), size(match.x.sizes.back().getCoefficient()) {}

  void emit(Value part, Value parts) {
    Value tokens = values.value(builder, match.x.sizes[2]);
    Value positions = builder.mul(values.value(builder, match.x.sizes[0]), tokens);
    auto share = [&](Value at) { return builder.div(builder.mul(positions, at), parts); };
    builder.loop(share(part), share(builder.add(part, 1)), 1, [&](Value position) {
      Value batch = builder.div(position, tokens), token = builder.rem(position, tokens);
      auto place = [&](const StridedView &view) {
        auto stride = [&](unsigned axis) { return values.value(builder, view.strides[axis]); };
        Value offset = builder.add(builder.mul(batch, stride(0)), builder.mul(token, stride(2)));
        return Place{values.memory(view.operand), builder.add(offset, values.sum(builder, view.offset)),
                     stride(1)};
      };
      emitPosition(place(match.x), place(match.cos), place(match.sin), place(match.result));
    });
  }

private:
  void emitPosition(const Place &x, const Place &cos, const Place &sin, const Place &result) {
    bool interleaved = match.interleaved;
    int64_t width = builder.getLanes();
    Value heads = values.value(builder, match.x.sizes[1]), zero = builder.index(0);
    builder.loop(zero, builder.index(interleaved ? size : size / 2), width, [&](Value column) {
      Value angle = interleaved ? builder.div(column, builder.index(2)) : column;
      Value c = anglesAt(cos, angle), s = anglesAt(sin, angle);
      builder.loop(zero, heads, 1, [&](Value head) {
        Value from = builder.add(builder.add(x.offset, builder.mul(head, x.headStride)), column);
        Value to = builder.add(builder.add(result.offset, builder.mul(head, result.headStride)), column);
        if (interleaved)
          builder.store(turnNeighbours(builder.load(x.memory, from), c, s), result.memory, to);
        else
          turnHalves(x.memory, from, c, s, result.memory, to);
      });
    });
  }

  void turnHalves(Value x, Value from, Value cos, Value sin, Value result, Value to) {
    Value a = builder.load(x, from), b = builder.load(x, builder.add(from, size / 2));
    builder.store(sub(mul(a, cos), mul(b, sin)), result, to);
    builder.store(add(mul(a, sin), mul(b, cos)), result, builder.add(to, size / 2));
  }

  /// The angles that a vector of x needs, in its lanes.
  Value anglesAt(const Place &angles, Value column) {
    Value offset = builder.add(angles.offset, column);
    if (!match.interleaved)
      return builder.load(angles.memory, offset);
    int64_t width = builder.getLanes();
    auto few = VectorType::get({width / 2}, builder.getF32Type());
    Value loaded = vector::LoadOp::create(builder, few, angles.memory, offset);
    return shuffled(loaded, [](int64_t lane) { return lane / 2; });
  }

  /// (a, b) -> (a cos - b sin, a sin + b cos) in even and odd lanes.
  Value turnNeighbours(Value pairs, Value cos, Value sin) {
    Value straight = mul(pairs, cos);
    Value crossed = mul(shuffled(pairs, [](int64_t lane) { return lane ^ 1; }), sin);
    SmallVector<bool> isEven = llvm::map_to_vector(llvm::seq<int64_t>(builder.getLanes()),
                                                   [](int64_t lane) { return lane % 2 == 0; });
    auto type = VectorType::get({builder.getLanes()}, builder.getI1Type());
    Value even = arith::ConstantOp::create(builder, DenseElementsAttr::get(type, isEven));
    return arith::SelectOp::create(builder, even, sub(straight, crossed), add(straight, crossed));
  }

  Value shuffled(Value vector, function_ref<int64_t(int64_t)> source) {
    SmallVector<int64_t> lanes = llvm::map_to_vector(llvm::seq<int64_t>(builder.getLanes()), source);
    return vector::ShuffleOp::create(builder, vector, vector, lanes);
  }

  Value add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(builder, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, a, b); }

  const RotaryKernel &match;
  KernelBuilder &builder;
  const FrameValues &values;
  int64_t size;
};

} // namespace

/// The widest vector that cuts the columns without a rest: stores of a part of a vector cost
/// several times those of a narrow one.
static int64_t vectorWidth(const RotaryKernel &match, const LevelInfo &level) {
  int64_t size = match.x.sizes.back().getCoefficient();
  int64_t columns = match.interleaved ? size : size / 2;
  return std::min<int64_t>(level.lanes, columns & -columns);
}

LogicalResult pleat::emitRotary(func::FuncOp kernel, func::FuncOp machine, const LevelInfo &level) {
  std::optional<RotaryKernel> match = matchRotary(kernel);
  assert(match && "the family was asked first");
  KernelFrame frame(kernel, machine);
  KernelBuilder builder((*kernel.getOps<RotaryOp>().begin()).getLoc(), frame.builder(),
                        vectorWidth(*match, level));
  FrameValues values(frame, builder);
  RotaryCode(*match, builder, values).emit(frame.part(), frame.parts());
  return success();
}
