// Literals up to 4 KiB live in the IR, everything else in the store.
#include "passes/Utils/WeightData.h"

#include "dialects/Pleat/Weights/WeightStore.h"

using namespace mlir;
using namespace pleat;

static constexpr size_t literalBytes = 4096;

static llvm::Expected<WeightStore *> storeOf(MLIRContext *context) {
  auto *dialect = context->getLoadedDialect<PleatDialect>();
  if (!dialect || !dialect->getWeightStore())
    return llvm::createStringError("no weight store is open; name one with --weights");
  return dialect->getWeightStore().get();
}

llvm::Expected<std::vector<float>> pleat::readWeight(WeightOp weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  if (!type.getElementType().isF32())
    return llvm::createStringError("expected a weight of f32 elements");
  std::vector<float> data(type.getNumElements());
  if (auto literal = dyn_cast_or_null<DenseElementsAttr>(weight.getValueAttr())) {
    llvm::copy(literal.getValues<float>(), data.begin());
    return data;
  }
  llvm::Expected<WeightStore *> store = storeOf(weight.getContext());
  if (!store)
    return store.takeError();
  MutableArrayRef<uint8_t> bytes(reinterpret_cast<uint8_t *>(data.data()), data.size() * sizeof(float));
  if (llvm::Error error = (*store)->read(*weight.getKey(), 0, bytes))
    return std::move(error);
  return data;
}

llvm::Expected<WeightOp> pleat::makeWeight(OpBuilder &builder, Location loc, ArrayRef<float> data,
                                           ArrayRef<int64_t> shape, StringRef name) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  ArrayAttr names = builder.getStrArrayAttr({name});
  if (data.size() * sizeof(float) <= literalBytes)
    return WeightOp::create(builder, loc, type, StringAttr(), DenseElementsAttr::get(type, data), names,
                            LayoutAttr(), /*transposed=*/false);
  llvm::Expected<WeightStore *> store = storeOf(builder.getContext());
  if (!store)
    return store.takeError();
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(data.data()), data.size() * sizeof(float));
  llvm::Expected<std::string> key = (*store)->addBytes(bytes, ElementType::F32, shape, name);
  if (!key)
    return key.takeError();
  return WeightOp::create(builder, loc, type, builder.getStringAttr(*key), ElementsAttr(), names,
                          LayoutAttr(),
                          /*transposed=*/false);
}
