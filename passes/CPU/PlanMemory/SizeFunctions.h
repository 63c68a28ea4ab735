/// Sizes as code: i64 values of expressions over the frame's dimensions, and what follows
/// from them for the arena.
#pragma once

#include "passes/CPU/PlanMemory/RunFunction.h"

namespace pleat {

/// Arena slots begin at multiples of this.
inline constexpr int64_t kArenaAlignment = 64;

/// Emits i64 values of size expressions, each once.
class SizeEmitter {
public:
  /// `builder` stays where every use is dominated; `dims` is the address of the dimensions.
  SizeEmitter(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value dims)
      : builder(builder), loc(loc), dims(dims) {}

  mlir::Value constant(int64_t value);

  /// Lets `symbol` stand for the minimum or maximum of two sizes.
  void define(mlir::AffineExpr symbol, bool isMinimum, mlir::AffineExpr first, mlir::AffineExpr second);

  mlir::Value get(mlir::AffineExpr expr);

  /// `bytes` rounded up to the arena's alignment.
  mlir::Value aligned(mlir::Value bytes);

private:
  mlir::Value make(mlir::AffineExpr expr);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value dims;
  llvm::DenseMap<mlir::AffineExpr, mlir::Value> made;
};

/// Offsets of the arena's slots, and their end.
struct SlotOffsets {
  llvm::SmallVector<mlir::Value> starts;
  mlir::Value end;
};

SlotOffsets emitSlotOffsets(mlir::OpBuilder &builder, mlir::Location loc, SizeEmitter &sizes,
                            const MemoryPlan &plan);

/// The largest scratch any launch asks for, for one part; null if none does.
mlir::Value emitScratchBytes(mlir::OpBuilder &builder, mlir::Location loc, SizeEmitter &sizes,
                             const MemoryPlan &plan);

/// An empty function of ours at the end of `module`, with the builder in its body.
mlir::func::FuncOp startFunction(mlir::OpBuilder &builder, mlir::ModuleOp module, mlir::Location loc,
                                 llvm::StringRef name, mlir::TypeRange arguments, mlir::TypeRange results);

} // namespace pleat
