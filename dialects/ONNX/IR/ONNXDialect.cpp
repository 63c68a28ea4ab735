// The onnx dialect's ops: attribute access by ONNX name and the few rules a node obeys.
#include "dialects/ONNX/IR/ONNXDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace pleat::onnx;

#include "dialects/ONNX/IR/ONNX.dialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/ONNX/IR/ONNX.typedef.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/IR/ONNX.op.cpp.inc"

void ONNXDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/ONNX/IR/ONNX.typedef.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/ONNX/IR/ONNX.op.cpp.inc"
      >();
}

LogicalResult NodeOp::verify() {
  size_t names = getSubgraphNames() ? getSubgraphNames()->size() : 0;
  if (names != getSubgraphs().size())
    return emitOpError("expects one subgraph name for each region, but got ")
           << names << " names and " << getSubgraphs().size() << " regions";
  return success();
}

Value NodeOp::input(unsigned index) {
  if (index >= getInputs().size())
    return {};
  Value value = getInputs()[index];
  return isa<NoneType>(value.getType()) ? Value() : value;
}

int64_t NodeOp::intAttr(StringRef name, int64_t fallback) {
  auto attr = getFields().getAs<IntegerAttr>(name);
  return attr ? attr.getInt() : fallback;
}

double NodeOp::floatAttr(StringRef name, double fallback) {
  auto attr = getFields().getAs<FloatAttr>(name);
  return attr ? attr.getValueAsDouble() : fallback;
}

StringRef NodeOp::stringAttr(StringRef name, StringRef fallback) {
  auto attr = getFields().getAs<StringAttr>(name);
  return attr ? attr.getValue() : fallback;
}

std::optional<SmallVector<int64_t>> NodeOp::intsAttr(StringRef name) {
  auto attr = getFields().getAs<DenseI64ArrayAttr>(name);
  if (!attr)
    return std::nullopt;
  return SmallVector<int64_t>(attr.asArrayRef());
}
