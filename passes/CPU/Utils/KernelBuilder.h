/// What every kernel emitter writes with: index arithmetic that folds, and vector accesses
/// to flat memory. Nothing here knows about an op of ours.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace pleat {

/// Builds kernel code at one location for vectors of one width.
///
/// Memory is flat: a `memref<?xf32>` and an element offset. Lane counts are static; a
/// `Lanes` below the vector's width makes an access partial: lanes beyond it are neither
/// read nor written, and read as zero.
class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  /// `lanes`: f32 lanes of a native vector.
  KernelBuilder(mlir::Location loc, const mlir::OpBuilder &builder, int64_t lanes)
      : ImplicitLocOpBuilder(loc, builder), lanes(lanes) {}

  int64_t getLanes() const { return lanes; }
  mlir::VectorType vectorType() { return mlir::VectorType::get({lanes}, getF32Type()); }

  /// @name Index arithmetic on non-negative values; operands that are constants fold
  /// @{
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value add(mlir::Value lhs, int64_t rhs) { return rhs ? add(lhs, index(rhs)) : lhs; }
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs) { return rhs == 1 ? lhs : mul(lhs, index(rhs)); }
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  mlir::Value rem(mlir::Value lhs, mlir::Value rhs);
  mlir::Value ceilDiv(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  /// lhs - rhs, or 0 where that is negative.
  mlir::Value subOrZero(mlir::Value lhs, mlir::Value rhs);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value lhs, mlir::Value rhs);
  mlir::Value select(mlir::Value condition, mlir::Value whenTrue, mlir::Value whenFalse);
  /// @}

  /// @name f32 vectors
  /// @{
  mlir::Value splat(float value);
  mlir::Value broadcast(mlir::Value scalar);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// A mask of the first `count` lanes: constant, or from an index value.
  mlir::Value mask(int64_t count);
  mlir::Value mask(mlir::Value count);
  /// Whether any lane of a mask is set.
  mlir::Value anyLane(mlir::Value mask);
  /// The sum or the largest of all lanes, by halving, so that the order is fixed.
  mlir::Value sumOfLanes(mlir::Value vector);
  mlir::Value maxOfLanes(mlir::Value vector);
  /// The larger of two; the second where they are unordered: one maxps.
  mlir::Value maxps(mlir::Value lhs, mlir::Value rhs);
  /// @}

  /// @name Memory
  /// @{
  mlir::Value loadScalar(mlir::Value memory, mlir::Value offset);
  void storeScalar(mlir::Value value, mlir::Value memory, mlir::Value offset);
  mlir::Value load(mlir::Value memory, mlir::Value offset);
  mlir::Value load(mlir::Value memory, mlir::Value offset, int64_t count);
  /// Lanes at or beyond the index value `count` read as zero; it may exceed the width.
  mlir::Value load(mlir::Value memory, mlir::Value offset, mlir::Value count);
  void store(mlir::Value vector, mlir::Value memory, mlir::Value offset);
  void store(mlir::Value vector, mlir::Value memory, mlir::Value offset, int64_t count);
  void store(mlir::Value vector, mlir::Value memory, mlir::Value offset, mlir::Value count);
  /// Asks for the cache line at `offset` (which may lie beyond the memory) in L2.
  void prefetch(mlir::Value memory, mlir::Value offset);
  /// @}

  /// @name Control flow; `body` and the branches leave the insertion point in their block
  /// @{
  using LoopBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)>;
  /// for (i = lower; i < upper; i += step), carrying `inits`; returns the carried values.
  llvm::SmallVector<mlir::Value> loop(mlir::Value lower, mlir::Value upper, int64_t step,
                                      mlir::ValueRange inits, LoopBody body);
  /// The same without carried values.
  void loop(mlir::Value lower, mlir::Value upper, int64_t step, llvm::function_ref<void(mlir::Value)> body);

  /// while (condition(carried)) carried = body(carried); returns the carried values.
  using Condition = llvm::function_ref<mlir::Value(mlir::ValueRange)>;
  using Step = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)>;
  llvm::SmallVector<mlir::Value> loopWhile(mlir::ValueRange inits, Condition condition, Step body);

  using Branch = llvm::function_ref<llvm::SmallVector<mlir::Value>()>;
  /// Both branches return values of `types`. A constant condition emits one branch alone.
  llvm::SmallVector<mlir::Value> ifElse(mlir::Value condition, mlir::TypeRange types, Branch whenTrue,
                                        Branch whenFalse);
  void ifElse(mlir::Value condition, llvm::function_ref<void()> whenTrue,
              llvm::function_ref<void()> whenFalse);
  /// Runs `body(value)` for the value among `cases` that `selector` has, or nothing.
  void switchOn(mlir::Value selector, llvm::ArrayRef<int64_t> cases, llvm::function_ref<void(int64_t)> body);
  /// @}

private:
  mlir::Value halve(mlir::Value vector, llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

  int64_t lanes;
};

} // namespace pleat
