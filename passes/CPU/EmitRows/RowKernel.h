/// What norms and softmax share: kernels that work on one row at a time, with elementwise
/// ops fused before and behind, and the loops over a row's columns.
#pragma once

#include "passes/CPU/IsaLevel.h"
#include "passes/CPU/Utils/Elementwise.h"

namespace pleat {

/// A kernel around one op `result = anchor(x, ...)` over the last axis.
struct RowKernel {
  mlir::Operation *anchor;
  mlir::Value x, result;
  Elementwise input;  ///< computes x
  Elementwise output; ///< computes what is returned, from `result` and x
  llvm::SmallVector<Destination> destinations;
  llvm::SmallVector<Extent> sizes; ///< of x
  bool keepsInput;                 ///< `output` may ask the emitter for x
};

/// `kernel` as a row kernel around `anchor`, whose first operand is x and whose one result
/// has x's shape. Without `keepsInput` what follows the anchor reads x's sources again.
std::optional<RowKernel> matchRowKernel(mlir::func::FuncOp kernel, mlir::Operation *anchor, bool keepsInput);

/// Code of a row kernel in its machine function.
class RowCode {
public:
  RowCode(const RowKernel &match, mlir::func::FuncOp kernel, mlir::func::FuncOp machine,
          const LevelInfo &level);

  KernelBuilder &builder() { return code; }
  const FrameValues &frame() const { return values; }
  /// The length of a row, as an index and as f32.
  mlir::Value columns() const { return columnCount; }
  mlir::Value columnsAsFloat();

  /// Runs `body(row)` for this part's rows.
  void forRows(llvm::function_ref<void(mlir::Value row)> body);

  /// x at `position`: on the first pass computed, and kept in the first result if that
  /// takes more than a load; later passes read it back.
  mlir::Value firstInput(const VectorPosition &position);
  mlir::Value input(const VectorPosition &position);

  /// Stores `value` at `position` of the first result, to be read back by `reload`.
  void keep(mlir::Value value, const VectorPosition &position);
  mlir::Value reload(const VectorPosition &position);

  /// Computes the kernel's results from the anchor's `result` and `x`, and stores them. `x`
  /// is looked at if the kernel keeps its input.
  void finish(mlir::Value result, const VectorPosition &position, mlir::Value x);

  /// Folds `body(position, sum)` over the columns of `row`, in several interleaved sums
  /// that start from `init` and are joined by `join`: an order that depends on the row's
  /// length alone. The body of a partial vector leaves its missing lanes as it wants.
  mlir::Value fold(mlir::Value row, mlir::Value init,
                   llvm::function_ref<mlir::Value(const VectorPosition &, mlir::Value)> body,
                   llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> join);
  /// Runs `body(position)` over the columns of `row`.
  void forColumns(mlir::Value row, llvm::function_ref<void(const VectorPosition &)> body);

  /// `value` with `neutral` in the lanes that `position` does not have.
  mlir::Value masked(mlir::Value value, float neutral, const VectorPosition &position);

private:
  const RowKernel &match;
  KernelFrame slots;
  KernelBuilder code;
  FrameValues values;
  ElementwiseCode inputCode, outputCode;
  llvm::SmallVector<RowView> outs;
  mlir::Value rowCount, columnCount;
};

} // namespace pleat
