/// Builds the functions of a compiled model over the frame of runtime/abi/pleat_abi.h.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/IR/Builders.h"
#include "passes/Analysis/SizeExprs.h"

namespace pleat {

/// Where a value lives while the model runs.
struct Place {
  enum Kind { Input, Output, Arena, Weight, State, NextState } kind;
  /// Index of the host's input or output, of the arena slot or of the state; byte offset of
  /// a weight.
  int64_t index;
};

/// The two buffers that a carried value of a repeat alternates between.
struct CarriedBuffers {
  unsigned slots[2];
};

/// All that the run function needs to know of memory.
struct MemoryPlan {
  /// Every value that a launch reads or writes, but what is appended to states, and what a
  /// repeat's iterations see: slices (below), carried values and what is yielded as such.
  llvm::DenseMap<mlir::Value, Place> places;
  /// Block arguments of repeats for slices, and yielded roots of collected values: one
  /// place an iteration.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Place>> slices;
  /// For each repeat, the buffers of its carried values, in order.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<CarriedBuffers>> carried;
  /// For each arena slot, the byte sizes of the values that share it.
  llvm::SmallVector<llvm::SmallVector<mlir::AffineExpr>> slots;
  /// Bytes of scratch per part each launch asks for.
  llvm::SmallVector<mlir::AffineExpr> scratch;
};

/// What a reshape or transpose of a stored value is a view of; for a state with rows
/// appended, the state.
mlir::Value bufferRoot(mlir::Value value);

/// Emits `@pleat_run` for the launches of `main`.
mlir::LogicalResult emitRunFunction(mlir::func::FuncOp main, SizeExprs &sizes, const MemoryPlan &plan);

/// Emits `@pleat_arena_bytes`.
void emitArenaFunction(mlir::ModuleOp module, const MemoryPlan &plan, mlir::Location loc);

/// Emits `@pleat_eval_sizes` for `exprs`.
void emitSizesFunction(mlir::ModuleOp module, mlir::AffineMap exprs, mlir::Location loc);

/// The scratch expressions of `kernel` when launched by `launch`, of which the largest counts;
/// none if it needs none.
mlir::FailureOr<llvm::SmallVector<mlir::AffineExpr>> scratchOf(LaunchOp launch, mlir::func::FuncOp kernel,
                                                               SizeExprs &sizes);

} // namespace pleat
