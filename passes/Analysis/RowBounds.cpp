// Evaluates the number of rows at the ends of the dimensions' ranges.
#include "passes/Analysis/RowBounds.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace pleat;

void pleat::setDimBounds(ModuleOp module, ArrayRef<NamedBounds> bounds) {
  Builder builder(module.getContext());
  SmallVector<NamedAttribute> entries;
  for (const NamedBounds &dim : bounds)
    entries.push_back(builder.getNamedAttr(dim.name, builder.getDenseI64ArrayAttr({dim.least, dim.most})));
  module->setAttr(kDimBoundsAttrName, builder.getDictionaryAttr(entries));
}

/// [least, most] of the dimension `name`.
static std::pair<int64_t, int64_t> boundsOf(StringRef name, ModuleOp module) {
  auto all = module->getAttrOfType<DictionaryAttr>(kDimBoundsAttrName);
  auto pair = all ? all.getAs<DenseI64ArrayAttr>(name) : DenseI64ArrayAttr();
  if (!pair || pair.size() != 2)
    return {1, 0};
  return {std::max<int64_t>(pair[0], 1), pair[1]};
}

RowRange pleat::rowsOf(Value x, SizeExprs &sizes, ModuleOp module) {
  FailureOr<SmallVector<AffineExpr>> shape = sizes.shapeOf(x);
  if (failed(shape) || shape->empty())
    return {};
  AffineExpr rows = getAffineConstantExpr(1, module.getContext());
  for (AffineExpr size : ArrayRef(*shape).drop_back())
    rows = rows * size;
  SmallVector<int64_t> least, most;
  bool isBounded = true;
  for (auto [position, name] : llvm::enumerate(sizes.dims())) {
    auto [lower, upper] = boundsOf(name, module);
    isBounded &= upper != 0 || !rows.isFunctionOfSymbol(position);
    least.push_back(lower);
    most.push_back(std::max(lower, upper));
  }
  return {evaluateSize(rows, least).value_or(1), isBounded ? evaluateSize(rows, most) : std::nullopt};
}
