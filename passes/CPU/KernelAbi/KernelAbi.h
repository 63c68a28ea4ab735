/// The machine form of kernels (runtime/abi/pleat_abi.h, pleat_kernel) from both sides:
/// the order of the slots, for the memory plan that writes them, and their values inside
/// a kernel, for the emitters that read them.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace pleat {

/// Unit attribute of a kernel's tensor argument or result: its strides stand in the slots,
/// and the last one is 1. Without it the tensor is row-major and dense.
inline constexpr llvm::StringLiteral kStridedAttrName = "pleat.strided";

/// Unit attribute of a kernel that may run in several parts.
inline constexpr llvm::StringLiteral kParallelAttrName = "pleat.parallel";

/// Attribute of a kernel: an affine map from all its dynamic sizes and index arguments, in
/// slot order, to the bytes of scratch that each part needs: the largest of its results.
inline constexpr llvm::StringLiteral kScratchAttrName = "pleat.scratch";

/// Attribute of a machine function whose kernel declares scratch: the slot of its address.
inline constexpr llvm::StringLiteral kScratchSlotAttrName = "pleat.scratch_slot";

/// One 64-bit slot.
struct Slot {
  enum Kind { Parts, Address, Size, Stride, Index, ScratchAddress, ScratchBytes };
  Kind kind;
  /// Position among the kernel's arguments followed by its results; 0 for Parts and scratch.
  unsigned operand = 0;
  /// Axis of Size and Stride.
  unsigned axis = 0;
};

/// The slots of `kernel`, in order.
llvm::SmallVector<Slot> kernelSlots(mlir::func::FuncOp kernel);

/// Whether the argument or result at `operand` (see Slot) is marked strided.
bool isStrided(mlir::func::FuncOp kernel, unsigned operand);

/// The layout of the argument at `operand`; row_major when not marked, and for results.
Layout operandLayout(mlir::func::FuncOp kernel, unsigned operand);

/// The shape in which a weight of tensor type `type` is stored: panel16 turns [K, N] into
/// [ceil(N/16), K, 16], and a type of rank 3 is that shape already (a gather reads panels
/// by index), as a type of rank 5 and more is for layouts of bf16. Static sizes are required for packed
/// layouts.
llvm::SmallVector<int64_t> storedShape(mlir::RankedTensorType type, Layout layout);

/// Creates `func.func @<name>(%slots: !llvm.ptr, %part: i64)` with one block that returns,
/// at the builder's insertion point. Its location is the kernel's; it carries
/// `pleat.scratch_slot` if the kernel declares scratch.
mlir::func::FuncOp createMachineFunction(mlir::OpBuilder &builder, mlir::func::FuncOp kernel,
                                         llvm::StringRef name);

/// An argument or result of a kernel as its machine form sees it.
struct KernelOperand {
  mlir::Type type; ///< in the kernel's signature: a ranked tensor, or index
  Layout layout = Layout::RowMajor;
  bool strided = false;
  mlir::Value pointer;                    ///< !llvm.ptr to the first element
  llvm::SmallVector<mlir::Value> sizes;   ///< index, one an axis of the tensor; constants where static
  llvm::SmallVector<mlir::Value> strides; ///< index, in elements; of row-major tensors computed
  mlir::Value memref;                     ///< of the tensor, or of the stored shape when packed
  mlir::Value index;                      ///< an index argument's value; everything above is null

  mlir::RankedTensorType tensorType() const { return llvm::cast<mlir::RankedTensorType>(type); }
};

/// The slots of one kernel as values. Construction lays the loads at the start of the
/// machine function; those nobody uses disappear in the lowering.
class KernelFrame {
public:
  KernelFrame(mlir::func::FuncOp kernel, mlir::func::FuncOp machine);

  /// This call's part and the number of parts, as index.
  mlir::Value part() const { return partValue; }
  mlir::Value parts() const { return partsValue; }

  llvm::ArrayRef<KernelOperand> arguments() const {
    return llvm::ArrayRef(operands).take_front(argumentCount);
  }
  llvm::ArrayRef<KernelOperand> results() const { return llvm::ArrayRef(operands).drop_front(argumentCount); }

  /// This part's own scratch as !llvm.ptr; null without scratch.
  mlir::Value scratch() const { return scratchValue; }

  /// A builder at the end of the machine function, before its return.
  mlir::OpBuilder builder();

private:
  mlir::func::FuncOp machine;
  unsigned argumentCount;
  llvm::SmallVector<KernelOperand> operands;
  mlir::Value partValue, partsValue, scratchValue;
};

/// This part's scratch in `machine`, as !llvm.ptr at its start: slots `slot` and `slot + 1`
/// hold the address and the bytes of a part.
mlir::Value scratchOfPart(mlir::func::FuncOp machine, int64_t slot);

/// A memref of type `type` over memory that starts at `pointer`. `sizes` and `strides` are
/// index values for every axis; those that are static in `type` are not looked at.
mlir::Value memrefFromPointer(mlir::OpBuilder &builder, mlir::Location loc, mlir::MemRefType type,
                              mlir::Value pointer, mlir::ValueRange sizes, mlir::ValueRange strides);

} // namespace pleat
