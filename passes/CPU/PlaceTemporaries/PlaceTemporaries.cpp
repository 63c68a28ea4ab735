// Where the buffers of a machine function live.
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h"

#include "passes/CPU/PlaceTemporaries/SizeBounds.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_PLACETEMPORARIES
#include "passes/CPU/PlaceTemporaries/PlaceTemporaries.h.inc"
} // namespace pleat

using namespace pleat;

static constexpr int64_t kAlignment = 64;

/// The default of `stack-bytes`, which the plan of scratch goes by.
static constexpr int64_t kStackBytes = 4096;

static int64_t elementBytes(MemRefType type) {
  Type element = type.getElementType();
  return element.isIndex() ? 8 : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

static bool fitsStack(MemRefType type, int64_t limit) {
  return type.hasStaticShape() && type.getNumElements() * elementBytes(type) <= limit;
}

/// Bytes of `type` with `sizes` for its dynamic axes, rounded up to the alignment.
static Value bytesOf(OpBuilder &builder, Location loc, MemRefType type, ValueRange sizes) {
  int64_t known = elementBytes(type);
  for (int64_t size : type.getShape())
    known *= ShapedType::isDynamic(size) ? 1 : size;
  Value bytes = arith::ConstantIndexOp::create(builder, loc, known);
  for (Value size : sizes)
    bytes = arith::MulIOp::create(builder, loc, bytes, size);
  Value slack = arith::ConstantIndexOp::create(builder, loc, kAlignment - 1);
  Value mask = arith::ConstantIndexOp::create(builder, loc, -kAlignment);
  bytes = arith::AddIOp::create(builder, loc, bytes, slack);
  return arith::AndIOp::create(builder, loc, bytes, mask);
}

/// The sizes and row-major strides of a buffer, one an axis.
static std::pair<SmallVector<Value>, SmallVector<Value>> shapeOf(OpBuilder &builder, memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  SmallVector<Value> sizes, strides(type.getRank());
  auto dynamic = alloc.getDynamicSizes().begin();
  for (int64_t size : type.getShape())
    sizes.push_back(ShapedType::isDynamic(size)
                        ? *dynamic++
                        : Value(arith::ConstantIndexOp::create(builder, alloc.getLoc(), size)));
  Value stride = arith::ConstantIndexOp::create(builder, alloc.getLoc(), 1);
  for (int64_t axis = type.getRank(); axis-- > 0;) {
    strides[axis] = stride;
    stride = arith::MulIOp::create(builder, alloc.getLoc(), stride, sizes[axis]);
  }
  return {sizes, strides};
}

/// An upper bound of the bytes of `alloc`, rounded up to the alignment; null if unknown.
static AffineExpr boundOf(memref::AllocOp alloc, SizeBounds &bounds) {
  AffineExpr bytes = getAffineConstantExpr(elementBytes(alloc.getType()), alloc.getContext());
  for (int64_t size : alloc.getType().getShape())
    if (!ShapedType::isDynamic(size))
      bytes = bytes * size;
  for (Value size : alloc.getDynamicSizes()) {
    AffineExpr bound = bounds.of(size).upper;
    if (!bound)
      return {};
    bytes = bytes * bound;
  }
  return bytes.ceilDiv(kAlignment) * kAlignment;
}

/// Adds to `ends` where the buffers of `block` end, as `place` lays them behind `used` bytes.
static LogicalResult addEnds(Block &block, AffineExpr used, SizeBounds &bounds,
                             SmallVectorImpl<AffineExpr> &ends) {
  bool isUsed = false;
  for (Operation &op : block) {
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        if (failed(addEnds(inner, used, bounds, ends)))
          return failure();
    auto alloc = dyn_cast<memref::AllocOp>(op);
    if (!alloc || fitsStack(alloc.getType(), kStackBytes))
      continue;
    AffineExpr bytes = boundOf(alloc, bounds);
    if (!bytes)
      return alloc.emitError() << "expects temporaries whose sizes follow from those of operands, but got a "
                               << alloc.getType() << " of another size";
    used = used + bytes;
    isUsed = true;
  }
  if (isUsed && !llvm::is_contained(ends, used))
    ends.push_back(used);
  return success();
}

FailureOr<AffineMap> pleat::temporaryBytes(func::FuncOp machine, ArrayRef<Slot> slots) {
  SizeBounds bounds(machine, slots);
  SmallVector<AffineExpr> ends;
  for (Block &block : machine.getBody())
    if (failed(addEnds(block, getAffineConstantExpr(0, machine.getContext()), bounds, ends)))
      return failure();
  return ends.empty() ? AffineMap() : AffineMap::get(0, bounds.symbolCount(), ends, machine.getContext());
}

namespace {

struct PlaceTemporaries : pleat::impl::PlaceTemporariesBase<PlaceTemporaries> {
  using PlaceTemporariesBase::PlaceTemporariesBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    scratch = nullptr;
    if (function.isExternal())
      return;
    if (auto slot = function->getAttrOfType<IntegerAttr>(kScratchSlotAttrName))
      scratch = scratchOfPart(function, slot.getInt());
    for (Block &block : function.getBody())
      if (failed(place(block, nullptr)))
        return signalPassFailure();
  }

private:
  /// Places the buffers of `block`; `used` bytes of scratch are taken (null: none).
  LogicalResult place(Block &block, Value used) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (failed(place(inner, used)))
            return failure();
      auto alloc = dyn_cast<memref::AllocOp>(op);
      if (!alloc)
        continue;
      if (fitsStack(alloc.getType(), stackBytes))
        moveToStack(alloc);
      else if (scratch)
        used = moveToScratch(alloc, used);
      else
        return alloc.emitError() << "expects temporaries without scratch to be static and at most "
                                 << int64_t(stackBytes) << " bytes, but kernel '" << getOperation().getName()
                                 << "' needs a " << alloc.getType();
    }
    return success();
  }

  void moveToStack(memref::AllocOp alloc) {
    OpBuilder builder = OpBuilder::atBlockBegin(&getOperation().front());
    Value buffer = memref::AllocaOp::create(builder, alloc.getLoc(), alloc.getType(),
                                            builder.getI64IntegerAttr(kAlignment));
    alloc.replaceAllUsesWith(buffer);
    alloc.erase();
  }

  /// Returns the bytes taken from here on.
  Value moveToScratch(memref::AllocOp alloc, Value used) {
    OpBuilder builder(alloc);
    Location loc = alloc.getLoc();
    Value address = scratch;
    if (used) {
      Value offset = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), used);
      address = LLVM::GEPOp::create(builder, loc, scratch.getType(), builder.getI8Type(), scratch,
                                    ArrayRef<LLVM::GEPArg>{offset});
    }
    auto [sizes, strides] = shapeOf(builder, alloc);
    Value buffer = memrefFromPointer(builder, loc, alloc.getType(), address, sizes, strides);
    Value bytes = bytesOf(builder, loc, alloc.getType(), alloc.getDynamicSizes());
    used = used ? arith::AddIOp::create(builder, loc, used, bytes) : bytes;
    alloc.replaceAllUsesWith(buffer);
    alloc.erase();
    return used;
  }

  Value scratch;
};

} // namespace
