/// Tiling of the op that computes a kernel's result, with what it is computed from fused in.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace pleat {

/// Which loops of a root can be cut without computing anything twice.
struct TilePlan {
  /// Parallel loops along which every temporary moves, in the order of the result's axes.
  llvm::SmallVector<unsigned> loops;
  /// The loop of the result's last axis.
  unsigned innermost;
  /// Whether anything but the root itself is computed on the way.
  bool hasTemporaries;
};

/// Plans for the op that computes `result`; nullopt when that is no linalg op whose result
/// is indexed by plain loops.
std::optional<TilePlan> planTiling(mlir::Value result);

/// A root after tiling.
struct TiledRoot {
  mlir::Value result;                        ///< stands for the old result
  mlir::Value tile;                          ///< what the root computes within the loops
  llvm::SmallVector<mlir::scf::ForOp> loops; ///< outermost first
};

/// Tiles the linalg op that computes `result`: loop `loops[i]` by `steps[i]`. Producers are
/// fused; the old root is replaced and erased.
TiledRoot tileRoot(mlir::Value result, llvm::ArrayRef<unsigned> loops,
                   llvm::ArrayRef<mlir::OpFoldResult> steps);

} // namespace pleat
