// A linalg body, element by element or in vectors.
#include "passes/CPU/EmitLoops/LaneBody.h"

#include "passes/CPU/EmitLoops/LoopChoice.h"
#include "passes/CPU/EmitLoops/WideBody.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace pleat;

static bool isBool(Value memref) { return cast<MemRefType>(memref.getType()).getElementType().isInteger(1); }

static bool canBeLaneByLane(Operation &inner) {
  return inner.getNumRegions() == 0 && inner.getNumResults() == 1 && isMemoryEffectFree(&inner) &&
         llvm::all_of(inner.getOperandTypes(), [](Type type) { return type.isIntOrIndexOrFloat(); });
}

bool pleat::hasLaneBody(linalg::LinalgOp op) {
  return llvm::all_of(op.getBlock()->without_terminator(), [](Operation &inner) {
    return isa<linalg::IndexOp, memref::LoadOp>(inner) || canBeLaneByLane(inner);
  });
}

SmallVector<Value> LaneBody::indicesAt(OpOperand &operand, ValueRange ivs) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<Value> indices;
  for (unsigned axis = 0; axis < map.getNumResults(); ++axis) {
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(axis));
    indices.push_back(
        dim ? ivs[dim.getPosition()]
            : Value(affine::AffineApplyOp::create(builder, op.getLoc(), map.getSubMap(axis), ivs)));
  }
  return indices;
}

Value LaneBody::loadElement(Value memref, ValueRange indices) {
  return memref::LoadOp::create(builder, op.getLoc(), memref, indices);
}

Value LaneBody::loadVector(Value memref, ValueRange indices) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(builder, op.getLoc(), VectorType::get(width, element), memref, indices);
}

Value LaneBody::join(SmallVector<Value> elements) {
  Location loc = op.getLoc();
  Type element = elements.front().getType();
  auto type = VectorType::get(width, element);
  if (!element.isBF16())
    return vector::FromElementsOp::create(builder, loc, type, elements);
  // LLVM would put bf16 into vectors by way of f32 and a library.
  Type bits = builder.getI16Type();
  for (Value &value : elements)
    value = arith::BitcastOp::create(builder, loc, bits, value);
  Value joined = vector::FromElementsOp::create(builder, loc, VectorType::get(width, bits), elements);
  return arith::BitcastOp::create(builder, loc, type, joined);
}

Value LaneBody::spread(Value value) {
  if (width == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(builder, op.getLoc(), VectorType::get(width, value.getType()), value);
}

/// The lanes of indices along the vectorised loop are made only where they are needed.
Value LaneBody::asVector(Lanes lanes) {
  if (!lanes.sequence)
    return spread(lanes.value);
  auto counted = llvm::to_vector(llvm::seq<int64_t>(0, width));
  Value steps = arith::ConstantOp::create(builder, op.getLoc(), builder.getIndexVectorAttr(counted));
  return arith::AddIOp::create(builder, op.getLoc(), spread(lanes.sequence), steps);
}

/// The body may compute in a wider type than an operand is stored in.
LaneBody::Lanes LaneBody::loadOperand(OpOperand &operand, ValueRange ivs) {
  Value stored = loadStored(operand, ivs);
  return {convertFloat(builder, op.getLoc(), stored, op.getMatchingBlockArgument(&operand).getType()),
          nullptr};
}

Value LaneBody::loadStored(OpOperand &operand, ValueRange ivs) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  SmallVector<Value> indices = indicesAt(operand, ivs);
  Movement movement = width == 1 ? Movement::Fixed : movementAlong(op, operand, vectorLoop);
  if (movement == Movement::Fixed)
    return loadElement(operand.get(), indices);
  if (movement == Movement::Contiguous && !isBool(operand.get()))
    return loadVector(operand.get(), indices);
  SmallVector<Value> elements, at(ivs);
  for (int64_t lane = 0; lane < width; ++lane) {
    Value step = arith::ConstantIndexOp::create(builder, op.getLoc(), lane);
    at[vectorLoop] = arith::AddIOp::create(builder, op.getLoc(), ivs[vectorLoop], step);
    elements.push_back(loadElement(operand.get(), indicesAt(operand, at)));
  }
  return join(elements);
}

Value LaneBody::loadOutput(unsigned index, ValueRange ivs) {
  return spread(loadOperand(*op.getDpsInitOperand(index), ivs).value);
}

void LaneBody::storeOutput(unsigned index, ValueRange ivs, Value value) {
  OpOperand &output = *op.getDpsInitOperand(index);
  SmallVector<Value> indices = indicesAt(output, ivs);
  value =
      convertFloat(builder, op.getLoc(), value, cast<MemRefType>(output.get().getType()).getElementType());
  if (width == 1) {
    memref::StoreOp::create(builder, op.getLoc(), value, output.get(), indices);
    return;
  }
  value = spread(value);
  if (!isBool(output.get())) {
    vector::StoreOp::create(builder, op.getLoc(), value, output.get(), indices);
    return;
  }
  // A vector of bits would be stored as bits.
  SmallVector<Value> at(ivs);
  for (int64_t lane = 0; lane < width; ++lane) {
    Value step = arith::ConstantIndexOp::create(builder, op.getLoc(), lane);
    at[vectorLoop] = arith::AddIOp::create(builder, op.getLoc(), ivs[vectorLoop], step);
    Value element = vector::ExtractOp::create(builder, op.getLoc(), value, lane);
    memref::StoreOp::create(builder, op.getLoc(), element, output.get(), indicesAt(output, at));
  }
}

LaneBody::Lanes LaneBody::map(Value value) {
  auto known = lanes.find(value);
  return known == lanes.end() ? Lanes{value, nullptr} : known->second;
}

LaneBody::Lanes LaneBody::indexOf(unsigned loop, ValueRange ivs) {
  if (width > 1 && loop == vectorLoop)
    return {nullptr, ivs[loop]};
  return {ivs[loop], nullptr};
}

bool LaneBody::isUniform(Operation &inner) {
  return llvm::all_of(inner.getOperands(), [&](Value operand) {
    Lanes mapped = map(operand);
    return mapped.value && !isa<VectorType>(mapped.value.getType());
  });
}

void LaneBody::visitLaneByLane(Operation &inner) {
  SmallVector<Value> operands, elements;
  for (Value operand : inner.getOperands()) {
    Lanes mapped = map(operand);
    operands.push_back(isa<MemRefType>(operand.getType()) ? mapped.value : asVector(mapped));
  }
  for (int64_t lane = 0; lane < width; ++lane) {
    IRMapping one;
    for (auto [from, to] : llvm::zip_equal(inner.getOperands(), operands))
      one.map(from, isa<MemRefType>(from.getType())
                        ? to
                        : Value(vector::ExtractOp::create(builder, op.getLoc(), to, lane)));
    elements.push_back(builder.clone(inner, one)->getResult(0));
  }
  lanes[inner.getResult(0)] = {join(elements), nullptr};
}

/// A read at computed indices is a vector where only the last index moves, and by ones.
void LaneBody::visitLoad(Operation &inner) {
  auto load = cast<memref::LoadOp>(inner);
  auto type = load.getMemRefType();
  Lanes last = load.getIndices().empty() ? Lanes{} : map(load.getIndices().back());
  auto [strides, offset] = type.getStridesAndOffset();
  bool isRow = last.sequence && strides.back() == 1 && !type.getElementType().isInteger(1) &&
               llvm::all_of(load.getIndices().drop_back(), [&](Value index) {
                 Lanes mapped = map(index);
                 return mapped.value && !isa<VectorType>(mapped.value.getType());
               });
  if (!isRow)
    return visitLaneByLane(inner);
  SmallVector<Value> indices;
  for (Value index : load.getIndices().drop_back())
    indices.push_back(map(index).value);
  indices.push_back(last.sequence);
  lanes[load.getResult()] = {loadVector(map(load.getMemRef()).value, indices), nullptr};
}

/// A sequence plus or minus what does not move is a sequence.
static bool shiftsSequence(Operation &inner, bool firstIsSequence, bool secondIsSequence) {
  return (isa<arith::AddIOp>(inner) && firstIsSequence != secondIsSequence) ||
         (isa<arith::SubIOp>(inner) && firstIsSequence && !secondIsSequence);
}

void LaneBody::visit(Operation &inner, ValueRange ivs) {
  if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
    lanes[index.getResult()] = indexOf(index.getDim(), ivs);
    return;
  }
  if (width == 1 || isUniform(inner)) {
    // With width 1 the op may have a region, which may use any value before it.
    IRMapping scalars;
    for (auto &[from, to] : lanes)
      if (to.value)
        scalars.map(from, to.value);
    for (auto [from, to] : llvm::zip_equal(inner.getResults(), builder.clone(inner, scalars)->getResults()))
      lanes[from] = {to, nullptr};
    return;
  }
  if (isa<memref::LoadOp>(inner))
    return visitLoad(inner);
  if (inner.getNumOperands() == 2) {
    Lanes a = map(inner.getOperand(0)), b = map(inner.getOperand(1));
    bool othersAreScalars = (a.sequence || !isa<VectorType>(a.value.getType())) &&
                            (b.sequence || !isa<VectorType>(b.value.getType()));
    if (othersAreScalars && shiftsSequence(inner, bool(a.sequence), bool(b.sequence))) {
      IRMapping firsts;
      firsts.map(inner.getOperand(0), a.sequence ? a.sequence : a.value);
      firsts.map(inner.getOperand(1), b.sequence ? b.sequence : b.value);
      lanes[inner.getResult(0)] = {nullptr, builder.clone(inner, firsts)->getResult(0)};
      return;
    }
  }
  if (!OpTrait::hasElementwiseMappableTraits(&inner))
    return visitLaneByLane(inner);
  SmallVector<Value> operands;
  for (Value operand : inner.getOperands())
    operands.push_back(asVector(map(operand)));
  Type type = VectorType::get(width, inner.getResult(0).getType());
  Operation *wide =
      builder.create(inner.getLoc(), inner.getName().getIdentifier(), operands, type, inner.getAttrs());
  lanes[inner.getResult(0)] = {wide->getResult(0), nullptr};
}

SmallVector<Value> LaneBody::run(ValueRange ivs, ValueRange outputs) {
  lanes.clear();
  for (OpOperand *input : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    if (!argument.use_empty())
      lanes[argument] = loadOperand(*input, ivs);
  }
  for (auto [argument, value] : llvm::zip_equal(op.getRegionOutputArgs(), outputs))
    lanes[argument] = {value, nullptr};
  for (Operation &inner : op.getBlock()->without_terminator())
    visit(inner, ivs);
  SmallVector<Value> results;
  for (Value value : op.getBlock()->getTerminator()->getOperands())
    results.push_back(asVector(map(value)));
  return results;
}
