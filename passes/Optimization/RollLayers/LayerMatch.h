/// Whether consecutive segments of a block are one body applied again and again, and what
/// flows between them.
#pragma once

#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace pleat {

class SizeExprs;

/// A repetition found in a block: segments of equal length, equal op by op.
struct LayerMatch {
  /// ops[i * period + k] is op k of layer i.
  llvm::SmallVector<mlir::Operation *> ops;
  size_t period = 0, repeats = 0;

  /// Values one layer hands to the next: read by layer 0 from `initial`, by the others
  /// from result `result` of op `op` of the layer before.
  struct Carried {
    mlir::Value initial;
    size_t op;
    unsigned result;
  };
  llvm::SmallVector<Carried> carried;

  /// Values from outside that differ between layers: values[i] for layer i.
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> stacked;

  /// Results that something outside reads from layers other than the last, or from the
  /// last without being carried: op and result number.
  llvm::SmallVector<std::pair<size_t, unsigned>> collected;

  /// Where operand `index` of op k of layer 0 comes from; see operandOrigin.
  enum class Origin { Inside, Carried, Stacked, Shared };
  struct Operand {
    Origin origin;
    size_t index; ///< into carried or stacked; unused otherwise
  };
  /// One entry an operand, for the ops of layer 0 in order.
  llvm::SmallVector<llvm::SmallVector<Operand>> operands;
};

/// A number that is equal for ops that differ at most in operands and location.
uint64_t structuralLabel(mlir::Operation *op);

/// Checks the layers in `ops` (repeats x period of them, all of one block) and works out
/// what flows. nullopt if the layers are not one body, or if a value that is carried,
/// stacked or collected is not known to have one shape in all layers.
std::optional<LayerMatch> matchLayers(llvm::ArrayRef<mlir::Operation *> ops, size_t period, SizeExprs &sizes);

} // namespace pleat
