/// Products with weights stored as bf16 pairs on vector registers: weights are widened to
/// f32, activations and sums stay f32.
///
/// Up to 16 rows stream the weights past their tiles and widen them in registers. More rows
/// first widen a group of columns into scratch, where every row tile reads them. Every
/// sum runs in ascending k with one fma each; with three parts, which add up to the f32
/// weight, results are those of the f32 layout bit for bit.
#pragma once

#include "passes/CPU/EmitLinear/PairPanels.h"
#include "passes/CPU/EmitLinear/PanelProduct.h"

namespace pleat {

/// Bytes of scratch that each part needs at a level for `rows` rows, or any number of them;
/// none for up to 16.
int64_t widenedProductScratch(const PairPanels &weights, std::optional<int64_t> rows, const LevelInfo &level);

/// Emits the product at the builder's insertion point. `product.panels` is the flat memory
/// of `weights`, `scratch` this part's scratch as flat memory; `panelsOffset` is not used.
void emitWidenedProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                        mlir::Value scratch, const LevelInfo &level);

} // namespace pleat
