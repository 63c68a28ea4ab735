/// bf16 is the upper half of an f32, so that shifts and masks convert.
#include "passes/CPU/EmitLinear/PairPanels.h"

#include "passes/CPU/EmitLinear/PairBlocks.h"

using namespace mlir;
using namespace pleat;

static VectorType integers(KernelBuilder &builder) {
  return VectorType::get({builder.getLanes()}, builder.getI32Type());
}

static Value splatBits(KernelBuilder &builder, uint32_t bits) {
  return arith::ConstantOp::create(builder, DenseElementsAttr::get(integers(builder), llvm::APInt(32, bits)));
}

static Value asBits(KernelBuilder &builder, Value vector) {
  return arith::BitcastOp::create(builder, integers(builder), vector);
}

static Value asFloats(KernelBuilder &builder, Value bits) {
  return arith::BitcastOp::create(builder, builder.vectorType(), bits);
}

Value pleat::widenLow(KernelBuilder &builder, Value pairs) {
  return asFloats(builder, arith::ShLIOp::create(builder, asBits(builder, pairs), splatBits(builder, 16)));
}

Value pleat::widenHigh(KernelBuilder &builder, Value pairs) {
  return asFloats(builder,
                  arith::AndIOp::create(builder, asBits(builder, pairs), splatBits(builder, 0xffff0000u)));
}

Value pleat::roundToBf16(KernelBuilder &builder, Value vector) {
  Value bits = asBits(builder, vector), sixteen = splatBits(builder, 16);
  Value upper = arith::ShRUIOp::create(builder, bits, sixteen);
  Value odd = arith::AndIOp::create(builder, upper, splatBits(builder, 1));
  Value bias = arith::AddIOp::create(builder, odd, splatBits(builder, 0x7fff));
  Value rounded =
      arith::ShRUIOp::create(builder, arith::AddIOp::create(builder, bits, bias).getResult(), sixteen);
  Value isNaN = arith::CmpFOp::create(builder, arith::CmpFPredicate::UNO, vector, vector);
  Value quiet = arith::OrIOp::create(builder, upper, splatBits(builder, 0x40));
  return arith::SelectOp::create(builder, isNaN, quiet, rounded);
}

Value pleat::loadWidened(KernelBuilder &builder, const PairPanels &weights, Value memory, Value offset,
                         bool high) {
  Value sum;
  for (int64_t part = 0; part < weights.parts; ++part) {
    Value pairs = builder.load(memory, builder.add(offset, part * PairPanels::kPart));
    Value value = high ? widenHigh(builder, pairs) : widenLow(builder, pairs);
    sum = sum ? Value(arith::AddFOp::create(builder, sum, value)) : value;
  }
  return sum;
}
