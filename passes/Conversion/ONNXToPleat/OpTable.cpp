// Looks nodes up in the table of convertible operators.
#include "passes/Conversion/ONNXToPleat/OpTable.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace pleat;

SmallVector<SupportedOp> pleat::supportedOps() {
  SmallVector<SupportedOp> all;
  for (ArrayRef<SupportedOp> family :
       {supportedUnaryOps(), supportedBinaryOps(), supportedShapeOps(), supportedSliceOps(),
        supportedReductions(), supportedLinearOps(), supportedConvolutions(), supportedNorms(),
        supportedSelections(), supportedRaisedOps()})
    all.append(family.begin(), family.end());
  return all;
}

const SupportedOp *pleat::findSupportedOp(onnx::NodeOp node) {
  for (ArrayRef<SupportedOp> family :
       {supportedUnaryOps(), supportedBinaryOps(), supportedShapeOps(), supportedSliceOps(),
        supportedReductions(), supportedLinearOps(), supportedConvolutions(), supportedNorms(),
        supportedSelections(), supportedRaisedOps()})
    for (const SupportedOp &op : family)
      if (op.type == node.getOpType() && op.domain == node.getDomain())
        return &op;
  return nullptr;
}

/// Element types that conversion knows; others are named in the message.
static bool isSupportedElement(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto integer = dyn_cast<IntegerType>(element))
    return llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element);
}

std::optional<Unsupported> pleat::whyUnsupported(onnx::NodeOp node) {
  const SupportedOp *op = findSupportedOp(node);
  if (!op)
    return Unsupported{"unsupported operator"};
  unsigned opset = node.getOpset();
  if (opset < op->firstOpset || opset > op->lastOpset)
    return Unsupported{
        ("unsupported opset; supported: " + Twine(op->firstOpset) + " to " + Twine(op->lastOpset)).str()};
  SmallVector<StringRef> known;
  llvm::SplitString(op->attributes, known);
  for (NamedAttribute attribute : node.getFields())
    if (!llvm::is_contained(known, attribute.getName().getValue()))
      return Unsupported{("unsupported attribute '" + attribute.getName().getValue() + "'").str()};
  auto elementText = [](Type type) {
    std::string text;
    llvm::raw_string_ostream(text) << getElementTypeOrSelf(type);
    return text;
  };
  for (ValueRange values : {ValueRange(node.getInputs()), ValueRange(node.getOutputs())})
    for (Type type : values.getTypes()) {
      if (isa<NoneType>(type))
        continue;
      if (!isa<TensorType>(type) || !isSupportedElement(type))
        return Unsupported{"unsupported type " + elementText(type) +
                           "; supported: tensors of f32, f16, bf16, f64, bool and 8 to 64 bit integers"};
    }
  return std::nullopt;
}
