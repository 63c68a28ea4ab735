/// How many rows are few.
#include "passes/CPU/EmitLinear/WidenedProduct.h"

#include "passes/CPU/EmitLinear/StagedProduct.h"
#include "passes/CPU/EmitLinear/StreamedProduct.h"

using namespace mlir;
using namespace pleat;

int64_t pleat::widenedProductScratch(const PairPanels &weights, std::optional<int64_t> rows,
                                     const LevelInfo &level) {
  return rows && *rows <= kStreamedRows ? 0 : stagedProductScratch(weights, level);
}

void pleat::emitWidenedProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                               Value scratch, const LevelInfo &level) {
  Value isShort = builder.compare(arith::CmpIPredicate::ule, product.rows, builder.index(kStreamedRows));
  builder.ifElse(
      isShort, [&] { emitStreamedProduct(builder, product, weights, level); },
      [&] { emitStagedProduct(builder, product, weights, scratch, level); });
}
