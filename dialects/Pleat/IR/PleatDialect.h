/// The pleat dialect: weight expressions, the ops that consume them, and repetition.
/// Each family of ops has its own .td; RATIONALE.md says why they are as they are.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <memory>

namespace pleat {
class WeightStore;
} // namespace pleat

#include "dialects/Pleat/IR/Pleat.dialect.h.inc"
#include "dialects/Pleat/IR/Pleat.enum.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Pleat/IR/Pleat.attrdef.h.inc"

#define GET_OP_CLASSES
#include "dialects/Pleat/IR/Pleat.op.h.inc"

namespace pleat {

/// The stored weight that `value` reads, through transposes and through stacks and the
/// slices a repeat makes of them (of a stack, the first). Null for what is no weight.
WeightOp weightBehind(mlir::Value value);

} // namespace pleat
