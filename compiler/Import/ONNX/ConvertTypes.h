/// ONNX types and shapes as MLIR's.
#pragma once

#include "compiler/Import/ONNX/PreparedModel.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace onnx {
class TypeProto;
} // namespace onnx

namespace pleat::onnx {

/// The element type of an ONNX data type: signless integers but for the unsigned types, i1
/// for bool, `!onnx.string`. Null for undefined and unknown ones.
mlir::Type convertElementType(mlir::MLIRContext *context, int32_t dataType);

/// The type of a value: a ranked tensor with `?` for what is not static, an unranked one
/// where only the element type is known, else `!onnx.opaque`. `type` may be null.
mlir::Type convertType(mlir::MLIRContext *context, const ::onnx::TypeProto *type);

/// The value of attribute `onnx.dims`: an integer for a static size, a string for a symbolic
/// one, "" for one without a name. `declared`, if not empty, takes the place of names that
/// inference made up.
mlir::ArrayAttr convertSizes(mlir::MLIRContext *context, const ::onnx::TypeProto &type,
                             llvm::ArrayRef<std::string> declared = {});

} // namespace pleat::onnx
