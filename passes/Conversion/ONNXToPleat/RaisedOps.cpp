// Nodes that raising passes made of the exporter's formulas: each is one pleat op.
#include "passes/Analysis/SymbolicShapes/Rules.h"
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "dialects/Pleat/IR/PleatDialect.h"

using namespace mlir;
using namespace pleat;

static LogicalResult attention(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  auto type = lowering.tensorType(lowering.resultSizes(), lowering.resultElement());
  bool causal = node.getFields().contains("causal"), zeroRows = node.getFields().contains("masked_rows_zero");
  return lowering.give(
      AttentionOp::create(lowering, type, node.input(0), node.input(1), node.input(2), node.input(3),
                          APFloat(static_cast<float>(node.floatAttr("scale", 1))), causal, zeroRows));
}

static LogicalResult rotary(Lowering &lowering) {
  onnx::NodeOp node = lowering.node;
  bool interleaved = node.getFields().contains("interleaved");
  auto type = lowering.tensorType(lowering.resultSizes(), lowering.resultElement());
  return lowering.give(
      RotaryOp::create(lowering, type, node.input(0), node.input(1), node.input(2), interleaved));
}

ArrayRef<SupportedOp> pleat::supportedRaisedOps() {
  static constexpr SupportedOp ops[] = {
      {"Attention", 1, 1, attention, "", "scale causal masked_rows_zero", raisedDomain},
      {"Rotary", 1, 1, rotary, "", "interleaved", raisedDomain},
  };
  return ops;
}
