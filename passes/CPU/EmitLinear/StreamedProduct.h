/// Products of few rows with bf16 pairs: weights pass one row tile after the other and are
/// widened in registers.
#pragma once

#include "passes/CPU/EmitLinear/PairBlocks.h"

namespace pleat {

/// Emits the product of at most kStreamedRows rows. See emitWidenedProduct.
void emitStreamedProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                         const LevelInfo &level);

} // namespace pleat
