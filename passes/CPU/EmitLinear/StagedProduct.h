/// Products of many rows with bf16 pairs: panels are widened into scratch, where every row
/// tile reads them.
#pragma once

#include "passes/CPU/EmitLinear/PairBlocks.h"

namespace pleat {

/// Bytes of scratch that each part needs at a level.
int64_t stagedProductScratch(const PairPanels &weights, const LevelInfo &level);

/// Emits the product; `scratch` is this part's scratch as flat memory. See
/// emitWidenedProduct.
void emitStagedProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                       mlir::Value scratch, const LevelInfo &level);

} // namespace pleat
