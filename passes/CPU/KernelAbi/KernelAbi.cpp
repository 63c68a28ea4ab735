// How a kernel's slots are ordered and how its machine form turns them into memrefs.
//
// A memref is built as an LLVM descriptor behind an unrealized cast: the final conversion
// folds the pair away, and nothing between needs to look into it.
#include "passes/CPU/KernelAbi/KernelAbi.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace pleat;

static constexpr int64_t kPanelColumns = 16;

static Type operandType(func::FuncOp kernel, unsigned operand) {
  FunctionType type = kernel.getFunctionType();
  return operand < type.getNumInputs() ? type.getInput(operand)
                                       : type.getResult(operand - type.getNumInputs());
}

static Attribute operandAttr(func::FuncOp kernel, unsigned operand, StringRef name) {
  unsigned arguments = kernel.getNumArguments();
  return operand < arguments ? kernel.getArgAttr(operand, name)
                             : kernel.getResultAttr(operand - arguments, name);
}

bool pleat::isStrided(func::FuncOp kernel, unsigned operand) {
  return static_cast<bool>(operandAttr(kernel, operand, kStridedAttrName));
}

Layout pleat::operandLayout(func::FuncOp kernel, unsigned operand) {
  auto layout = dyn_cast_or_null<LayoutAttr>(operandAttr(kernel, operand, PleatDialect::getLayoutAttrName()));
  return layout ? layout.getValue() : Layout::RowMajor;
}

SmallVector<int64_t> pleat::storedShape(RankedTensorType type, Layout layout) {
  SmallVector<int64_t> shape(type.getShape());
  int64_t rank = type.getRank();
  switch (layout) {
  case Layout::RowMajor:
    return shape;
  case Layout::Panel16:
    if (rank == 3)
      return shape;
    shape[rank - 2] = llvm::divideCeil(type.getDimSize(rank - 1), kPanelColumns);
    shape[rank - 1] = type.getDimSize(rank - 2);
    shape.push_back(kPanelColumns);
    return shape;
  case Layout::AmxBf16:
  case Layout::AmxBf16x3:
    if (rank >= 5)
      return shape;
    shape[rank - 2] = llvm::divideCeil(type.getDimSize(rank - 1), 32);
    shape[rank - 1] = llvm::divideCeil(type.getDimSize(rank - 2), 32);
    if (layout == Layout::AmxBf16x3)
      shape.push_back(3);
    shape.append({2, 16, 32});
    return shape;
  }
  llvm_unreachable("every layout has a stored shape");
}

SmallVector<Slot> pleat::kernelSlots(func::FuncOp kernel) {
  SmallVector<Slot> slots = {{Slot::Parts}};
  unsigned count = kernel.getNumArguments() + kernel.getNumResults();
  for (unsigned operand = 0; operand < count; ++operand) {
    auto type = dyn_cast<RankedTensorType>(operandType(kernel, operand));
    if (!type) {
      slots.push_back({Slot::Index, operand});
      continue;
    }
    slots.push_back({Slot::Address, operand});
    for (unsigned axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis))
        slots.push_back({Slot::Size, operand, axis});
    if (isStrided(kernel, operand))
      for (unsigned axis = 0; axis < type.getRank(); ++axis)
        slots.push_back({Slot::Stride, operand, axis});
  }
  if (kernel->hasAttr(kScratchAttrName)) {
    slots.push_back({Slot::ScratchAddress});
    slots.push_back({Slot::ScratchBytes});
  }
  return slots;
}

func::FuncOp pleat::createMachineFunction(OpBuilder &builder, func::FuncOp kernel, StringRef name) {
  Location loc = kernel.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto machine =
      func::FuncOp::create(builder, loc, name, builder.getFunctionType({pointer, builder.getI64Type()}, {}));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(machine.addEntryBlock());
  func::ReturnOp::create(builder, loc);
  if (kernel->hasAttr(kScratchAttrName))
    machine->setAttr(kScratchSlotAttrName, builder.getI64IntegerAttr(kernelSlots(kernel).size() - 2));
  return machine;
}

Value pleat::memrefFromPointer(OpBuilder &builder, Location loc, MemRefType type, Value pointer,
                               ValueRange sizes, ValueRange strides) {
  LLVMTypeConverter converter(builder.getContext());
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(builder, loc, pointer);
  descriptor.setAlignedPtr(builder, loc, pointer);
  descriptor.setConstantOffset(builder, loc, 0);
  auto [staticStrides, offset] = type.getStridesAndOffset();
  auto toI64 = [&](Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
  };
  for (unsigned axis = 0; axis < type.getRank(); ++axis) {
    if (type.isDynamicDim(axis))
      descriptor.setSize(builder, loc, axis, toI64(sizes[axis]));
    else
      descriptor.setConstantSize(builder, loc, axis, type.getDimSize(axis));
    if (ShapedType::isDynamic(staticStrides[axis]))
      descriptor.setStride(builder, loc, axis, toI64(strides[axis]));
    else
      descriptor.setConstantStride(builder, loc, axis, staticStrides[axis]);
  }
  Value packed = descriptor;
  return UnrealizedConversionCastOp::create(builder, loc, type, packed).getResult(0);
}

namespace {

/// Reads slots one after another at the start of a machine function.
class SlotReader {
public:
  SlotReader(OpBuilder &builder, Location loc, Value slots, int32_t first = 0)
      : builder(builder), loc(loc), slots(slots), next(first) {}

  Value pointer() { return load(LLVM::LLVMPointerType::get(builder.getContext())); }
  Value index() {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), load(builder.getI64Type()));
  }

private:
  Value load(Type type) {
    Value address = LLVM::GEPOp::create(builder, loc, slots.getType(), builder.getI64Type(), slots,
                                        ArrayRef<LLVM::GEPArg>{next++});
    return LLVM::LoadOp::create(builder, loc, type, address);
  }

  OpBuilder &builder;
  Location loc;
  Value slots;
  int32_t next;
};

} // namespace

Value pleat::scratchOfPart(func::FuncOp machine, int64_t slot) {
  OpBuilder builder = OpBuilder::atBlockBegin(&machine.front());
  Location loc = machine.getLoc();
  SlotReader reader(builder, loc, machine.getArgument(0), slot);
  Value base = reader.pointer();
  Value bytes = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), reader.index());
  Value offset = arith::MulIOp::create(builder, loc, machine.getArgument(1), bytes);
  return LLVM::GEPOp::create(builder, loc, base.getType(), builder.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{offset});
}

static SmallVector<Value> rowMajorStrides(OpBuilder &builder, Location loc, ArrayRef<Value> sizes) {
  SmallVector<Value> strides(sizes.size());
  Value stride = arith::ConstantIndexOp::create(builder, loc, 1);
  for (size_t axis = sizes.size(); axis-- > 0;) {
    strides[axis] = stride;
    if (axis > 0)
      stride = builder.createOrFold<arith::MulIOp>(loc, stride, sizes[axis]);
  }
  return strides;
}

static MemRefType memrefType(RankedTensorType type, Layout layout, bool strided) {
  bool isPairs = layout == Layout::AmxBf16 || layout == Layout::AmxBf16x3;
  Type element = isPairs ? BFloat16Type::get(type.getContext()) : type.getElementType();
  if (!strided)
    return MemRefType::get(storedShape(type, layout), element);
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  return MemRefType::get(type.getShape(), element, StridedLayoutAttr::get(type.getContext(), 0, strides));
}

static KernelOperand readOperand(OpBuilder &builder, Location loc, SlotReader &reader, func::FuncOp kernel,
                                 unsigned position) {
  KernelOperand operand;
  operand.type = operandType(kernel, position);
  auto type = dyn_cast<RankedTensorType>(operand.type);
  if (!type) {
    operand.index = reader.index();
    return operand;
  }
  operand.layout = operandLayout(kernel, position);
  operand.strided = isStrided(kernel, position);
  operand.pointer = reader.pointer();
  for (int64_t size : type.getShape())
    operand.sizes.push_back(ShapedType::isDynamic(size)
                                ? reader.index()
                                : Value(arith::ConstantIndexOp::create(builder, loc, size)));
  if (operand.strided)
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      operand.strides.push_back(reader.index());
  else
    operand.strides = rowMajorStrides(builder, loc, operand.sizes);
  // Packed shapes are static, so their sizes and strides are in the type.
  operand.memref = memrefFromPointer(builder, loc, memrefType(type, operand.layout, operand.strided),
                                     operand.pointer, operand.sizes, operand.strides);
  return operand;
}

KernelFrame::KernelFrame(func::FuncOp kernel, func::FuncOp machine)
    : machine(machine), argumentCount(kernel.getNumArguments()) {
  OpBuilder builder = OpBuilder::atBlockBegin(&machine.front());
  Location loc = machine.getLoc();
  SlotReader reader(builder, loc, machine.getArgument(0));
  partValue = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), machine.getArgument(1));
  partsValue = reader.index();
  unsigned count = argumentCount + kernel.getNumResults();
  for (unsigned position = 0; position < count; ++position)
    operands.push_back(readOperand(builder, loc, reader, kernel, position));
  if (auto slot = machine->getAttrOfType<IntegerAttr>(kScratchSlotAttrName))
    scratchValue = scratchOfPart(machine, slot.getInt());
}

OpBuilder KernelFrame::builder() { return OpBuilder(machine.front().getTerminator()); }
