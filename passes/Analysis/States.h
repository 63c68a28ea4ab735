/// Which arguments and results of a model are states that a session keeps, and which values
/// lie in the memory of one.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <optional>

namespace pleat {

class SizeExprs;

/// One state: the argument it is read as and the result that follows it. In IR, the attribute
/// `pleat.state = {result = R, axis = A}` of the argument.
struct State {
  unsigned argument, result;
  /// The axis that grows; nothing if the result takes the argument's place.
  std::optional<unsigned> axis;
};

/// The states of `function` in the order of their arguments, which numbers them.
llvm::SmallVector<State> statesOf(mlir::func::FuncOp function);

/// Makes an argument of `function` a state.
void setState(mlir::func::FuncOp function, const State &state);

/// The number of the state that argument `argument` of `function` is; nullopt if none.
std::optional<unsigned> stateOfArgument(mlir::func::FuncOp function, unsigned argument);

/// The argument of an appended state in whose memory `value` lies as a whole or as its first
/// rows: the argument, slices of it in a repeat, and what was appended. In a repeat, the one
/// of the first iteration. Null for all others.
mlir::BlockArgument appendedStateBehind(mlir::Value value);

/// The op that appends `value`, or a reshape of it, to a state, if `value` has no other use;
/// null otherwise.
AppendOp appendOf(mlir::Value value);

/// The first axis of `root` behind which lies one block of appended rows: `root` is what
/// `append` appends, or that under another shape. Axes before it count blocks. Nothing if
/// the block's bounds fall inside an axis.
std::optional<unsigned> rowsBoundary(AppendOp append, mlir::Value root, SizeExprs &sizes);

} // namespace pleat
