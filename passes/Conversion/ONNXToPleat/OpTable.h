/// The one list of ONNX operators that convert: what `check` asks, what the documentation's
/// table is made from, what the pass runs.
#pragma once

#include "dialects/ONNX/IR/ONNXDialect.h"

#include <optional>
#include <string>

namespace pleat {

class Lowering;

/// Converts the node that `lowering` is at, or reports at it why not.
using Convert = mlir::LogicalResult (*)(Lowering &lowering);

struct SupportedOp {
  llvm::StringLiteral type;
  unsigned firstOpset, lastOpset; ///< Versions of the domain that the converter knows.
  Convert convert;
  llvm::StringLiteral limits = "";     ///< For the documentation; empty: all of the operator.
  llvm::StringLiteral attributes = ""; ///< Attributes it reads or may ignore, space-separated.
  llvm::StringLiteral domain = "";
};

/// The newest opset of the standard domain whose operators were read.
constexpr unsigned newestOpset = 28;

/// Families, each in its own file.
llvm::ArrayRef<SupportedOp> supportedUnaryOps();
llvm::ArrayRef<SupportedOp> supportedBinaryOps();
llvm::ArrayRef<SupportedOp> supportedShapeOps();
llvm::ArrayRef<SupportedOp> supportedSliceOps();
llvm::ArrayRef<SupportedOp> supportedReductions();
llvm::ArrayRef<SupportedOp> supportedLinearOps();
llvm::ArrayRef<SupportedOp> supportedConvolutions();
llvm::ArrayRef<SupportedOp> supportedNorms();
llvm::ArrayRef<SupportedOp> supportedSelections();
llvm::ArrayRef<SupportedOp> supportedRaisedOps(); ///< Nodes of the domain `pleat`, made by raising passes.

/// All families, in the order of the documentation.
llvm::SmallVector<SupportedOp> supportedOps();
/// The entry for a node's operator; null when there is none.
const SupportedOp *findSupportedOp(onnx::NodeOp node);

/// Why a node cannot be converted.
struct Unsupported {
  std::string reason;
};
/// Judges by operator, version, attributes and element types; sizes are judged by the
/// conversion itself. nullopt: nothing stands against it.
std::optional<Unsupported> whyUnsupported(onnx::NodeOp node);

} // namespace pleat
