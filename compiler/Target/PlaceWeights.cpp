// Two rounds: offsets are known once every weight has been added.
#include "compiler/Target/PlaceWeights.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace pleat;

/// The store's key of `weight`; a literal is added to the store.
static llvm::Expected<std::string> keyOf(WeightOp weight, WeightStore &store) {
  if (weight.getKey())
    return weight.getKey()->str();
  auto literal = cast<DenseElementsAttr>(*weight.getValue());
  std::string elementText;
  llvm::raw_string_ostream(elementText) << literal.getElementType();
  std::optional<ElementType> type = parseElementType(elementText);
  if (!type)
    return llvm::createStringError("a literal weight has the unsupported element type %s",
                                   elementText.c_str());
  std::vector<uint8_t> bytes;
  if (literal.getElementType().isInteger(1)) {
    for (bool value : literal.getValues<bool>()) // packed bits in the attribute, bytes in memory
      bytes.push_back(value);
  } else {
    ArrayRef<char> raw = literal.getRawData();
    size_t copies = literal.isSplat() ? literal.getNumElements() : 1;
    for (size_t i = 0; i < copies; ++i)
      bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
  return store.addBytes(bytes, *type, cast<RankedTensorType>(literal.getType()).getShape(), "");
}

llvm::Error pleat::placeWeights(ModuleOp module, WeightStore &store, WeightsPlan &plan) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  SmallVector<std::pair<WeightOp, unsigned>> entries;
  for (auto weight : main.getOps<WeightOp>()) {
    llvm::Expected<std::string> key = keyOf(weight, store);
    if (!key)
      return key.takeError();
    auto layout = static_cast<WeightLayout>(weight.getLayout().value_or(Layout::RowMajor));
    llvm::Expected<unsigned> entry = plan.add(*key, layout, weight.getTransposed());
    if (!entry)
      return entry.takeError();
    entries.push_back({weight, *entry});
  }
  Builder builder(module.getContext());
  for (auto [weight, entry] : entries)
    weight->setAttr("pleat.offset", builder.getI64IntegerAttr(plan.offset(entry)));
  return llvm::Error::success();
}
