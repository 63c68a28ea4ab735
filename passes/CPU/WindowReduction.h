/// Pooling as recovered IR has it: a linalg op that folds each window of padded planes into
/// one number. Kernel forming and the emitter agree here on what that is.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <optional>

namespace pleat {

/// The largest number or the sum of each window of x [image][channel][spatial...].
struct WindowReduction {
  bool isMax;
  mlir::Value x;           ///< before padding
  mlir::tensor::PadOp pad; ///< null without padding
  /// One an axis; pads that `pad` adds have the value that the folding starts from.
  llvm::SmallVector<int64_t> kernel, strides, dilations, padsBefore, padsAfter;
  int64_t channels;
};

/// `op` as a window reduction in f32 with static channels and window; nothing for others.
std::optional<WindowReduction> matchWindowReduction(mlir::linalg::GenericOp op);

} // namespace pleat
