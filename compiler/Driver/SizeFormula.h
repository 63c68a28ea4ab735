/// Formulas of dimensions as the manifest holds them.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <optional>

namespace pleat {

/// The value of `formula` for the sizes of dimensions `dims`: an integer, the name of a
/// dimension, or [operator, left, right] with + * floordiv ceildiv mod. Nullopt for anything
/// else, for an unknown name, a division by less than 1 and for what int64 cannot hold.
std::optional<int64_t> evaluateFormula(const llvm::json::Value &formula,
                                       const llvm::StringMap<int64_t> &dims);

} // namespace pleat
