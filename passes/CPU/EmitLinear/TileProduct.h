/// Products with weights stored as bf16 pairs on AMX tile registers.
///
/// Activations are rounded to bf16 (or split into three parts) into scratch, up to 128 rows
/// at a time, tile by tile as the products read them. Two by two tiles of sums, 32 rows by
/// 32 columns, take all of K in tile registers; up to 16 rows take one by four. What is
/// fused behind runs on the f32 sums.
#pragma once

#include "passes/CPU/EmitLinear/PairPanels.h"
#include "passes/CPU/EmitLinear/PanelProduct.h"

namespace pleat {

/// Bytes of scratch that each part needs for products of at most `rows` rows; without a
/// bound for `rows`, of any number.
int64_t tileProductScratch(const PairPanels &weights, std::optional<int64_t> rows);

/// Emits the product at the builder's insertion point. `panels` and `scratch` are !llvm.ptr
/// to the packed weights and to this part's scratch; those of `product` are not used.
void emitTileProduct(KernelBuilder &builder, const PanelProduct &product, const PairPanels &weights,
                     mlir::Value panels, mlir::Value scratch);

} // namespace pleat
