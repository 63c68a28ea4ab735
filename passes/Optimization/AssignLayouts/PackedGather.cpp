// Where row v, column d of a table lies in the packed form of its transpose.
#include "passes/Optimization/AssignLayouts/PackedGather.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

static constexpr int64_t panelWidth = 16;

/// The parts of an element in layouts of bf16; 0 for panels of the table's own type.
static int64_t partsOf(Layout layout) {
  return layout == Layout::AmxBf16 ? 1 : layout == Layout::AmxBf16x3 ? 3 : 0;
}

/// The type under which a gather reads `table` packed.
static RankedTensorType packedType(WeightOp table) {
  auto type = cast<RankedTensorType>(table.getType());
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1), parts = partsOf(*table.getLayout());
  auto panelsOf = [&](int64_t width) { return static_cast<int64_t>(llvm::divideCeil(rows, width)); };
  if (parts == 0)
    return RankedTensorType::get({panelsOf(panelWidth), columns, panelWidth}, type.getElementType());
  SmallVector<int64_t> shape{panelsOf(32), static_cast<int64_t>(llvm::divideCeil(columns, 32))};
  if (parts > 1)
    shape.push_back(parts);
  shape.append({2, 16, 32});
  return RankedTensorType::get(shape, BFloat16Type::get(table.getContext()));
}

namespace {

/// Index arithmetic on rows and columns, none negative.
struct IndexMath {
  OpBuilder &builder;
  Location loc;
  Value constant(int64_t value) const { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value div(Value value, int64_t by) const {
    return arith::DivUIOp::create(builder, loc, value, constant(by));
  }
  Value rem(Value value, int64_t by) const {
    return arith::RemUIOp::create(builder, loc, value, constant(by));
  }
  Value mul(Value value, int64_t by) const {
    return arith::MulIOp::create(builder, loc, value, constant(by));
  }
  Value add(Value a, Value b) const { return arith::AddIOp::create(builder, loc, a, b); }
};

} // namespace

/// `id` as a valid row: negative ids count from the end, and none leaves the table.
static Value validRow(OpBuilder &builder, Location loc, Value id, int64_t rows) {
  Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), id);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value count = arith::ConstantIndexOp::create(builder, loc, rows);
  Value last = arith::ConstantIndexOp::create(builder, loc, rows - 1);
  Value negative = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, zero);
  Value fromEnd = arith::AddIOp::create(builder, loc, row, count);
  row = arith::SelectOp::create(builder, loc, negative, fromEnd, row);
  row = arith::MaxSIOp::create(builder, loc, row, zero);
  return arith::MinSIOp::create(builder, loc, row, last);
}

/// The element (row, column) of the table: the transpose holds row v in lane v % 16 of a
/// panel, and bf16 columns in pairs, part by part.
static Value packedElement(OpBuilder &builder, Location loc, WeightOp packed, Value row, Value column) {
  IndexMath math{builder, loc};
  int64_t parts = partsOf(*packed.getLayout());
  if (parts == 0) {
    Value panel = math.div(row, panelWidth), lane = math.rem(row, panelWidth);
    return tensor::ExtractOp::create(builder, loc, packed.getResult(), ValueRange{panel, column, lane});
  }
  Value panel = math.div(row, 32), tile = math.div(math.rem(row, 32), 16), block = math.div(column, 32);
  Value line = math.div(math.rem(column, 32), 2);
  Value element = math.add(math.mul(math.rem(row, 16), 2), math.rem(column, 2));
  Value sum;
  for (int64_t part = 0; part < parts; ++part) {
    SmallVector<Value> indices{panel, block};
    if (parts > 1)
      indices.push_back(math.constant(part));
    indices.append({tile, line, element});
    Value narrow = tensor::ExtractOp::create(builder, loc, packed.getResult(), indices);
    Value value = arith::ExtFOp::create(builder, loc, builder.getF32Type(), narrow);
    sum = sum ? Value(arith::AddFOp::create(builder, loc, sum, value)) : value;
  }
  return sum;
}

LogicalResult pleat::gatherFromPacked(GatherOp gather, WeightOp table, SizeExprs &sizes, SizeValues &values) {
  auto type = cast<RankedTensorType>(table.getType());
  auto resultType = cast<RankedTensorType>(gather.getType());
  int64_t rows = type.getDimSize(0), rank = resultType.getRank();
  OpBuilder builder(table);
  auto packed =
      WeightOp::create(builder, table.getLoc(), packedType(table), table.getKeyAttr(), table.getValueAttr(),
                       table.getNamesAttr(), table.getLayoutAttr(), table.getTransposed());

  builder.setInsertionPoint(gather);
  auto shape = sizes.shapeOf(gather.getResult());
  if (failed(shape))
    return gather.emitOpError("expects sizes that follow from the model's dimensions");
  SmallVector<Value> dynamic;
  for (auto [size, expr] : llvm::zip(resultType.getShape(), *shape))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(values.get(expr));
  Location loc = gather.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, resultType, dynamic);
  SmallVector<AffineExpr> leading;
  for (int64_t axis = 0; axis + 1 < rank; ++axis)
    leading.push_back(builder.getAffineDimExpr(axis));
  SmallVector<AffineMap> maps{AffineMap::get(rank, 0, leading, builder.getContext()),
                              builder.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location l, ValueRange elements) {
    Value row = validRow(b, l, elements.front(), rows);
    Value column = linalg::IndexOp::create(b, l, rank - 1);
    linalg::YieldOp::create(b, l, packedElement(b, l, packed, row, column));
  };
  auto generic =
      linalg::GenericOp::create(builder, loc, resultType, gather.getIds(), empty, maps, loops, body);
  gather.replaceAllUsesWith(generic.getResult(0));
  gather.erase();
  sizes.forget();
  return success();
}
