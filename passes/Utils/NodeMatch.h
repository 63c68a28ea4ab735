/// Looking at onnx nodes as formulas: what raising passes match with and build with.
#pragma once

#include "dialects/ONNX/IR/ONNXDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include <optional>

namespace pleat {

/// The node of operator `type` of the standard domain that defines `value`, through Identity;
/// null when another defines it.
onnx::NodeOp definedBy(mlir::Value value, llvm::StringRef type);
/// `value` behind any Identity nodes.
mlir::Value behindIdentity(mlir::Value value);
/// The one value of all elements of a float or integer constant; nullopt for others.
std::optional<double> constantScalar(mlir::Value value);
/// Whether `value` is known at compile time: a weight or a constant.
bool isConstant(mlir::Value value);
/// Whether two numbers agree as float constants written by different exporters do.
bool isClose(double a, double b);

/// The operand of a two-operand node that is not `value`; null when neither is.
mlir::Value otherOperand(onnx::NodeOp node, mlir::Value value);
/// The only node that reads `value`, once; null when there are others.
onnx::NodeOp onlyUser(mlir::Value value);

/// A node of the standard domain, or of `domain`, before `at`'s position and with its
/// location; it has one result of type `type`.
onnx::NodeOp makeNode(mlir::OpBuilder &builder, mlir::Location location, llvm::StringRef type, unsigned opset,
                      mlir::ValueRange inputs, llvm::ArrayRef<mlir::NamedAttribute> fields, mlir::Type result,
                      llvm::StringRef domain = "");

/// Erases nodes whose results nobody reads.
void eraseUnusedNodes(mlir::func::FuncOp function);

} // namespace pleat
