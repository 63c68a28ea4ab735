/// The onnx dialect: imported graphs before anything is understood. See ONNXOps.td.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>

#include "dialects/ONNX/IR/ONNX.dialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/ONNX/IR/ONNX.typedef.h.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/IR/ONNX.op.h.inc"
