/// How a message names an ONNX node.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace pleat::onnx {

/// `node "fc1/MatMul" (MatMul, opset 13)`; a contrib operator has its domain before its type.
inline std::string nodeLabel(llvm::StringRef name, llvm::StringRef type, llvm::StringRef domain,
                             int64_t opset) {
  std::string label = "node \"" + name.str() + "\" (";
  if (!domain.empty())
    label += domain.str() + ".";
  return label + type.str() + ", opset " + std::to_string(opset) + ")";
}

} // namespace pleat::onnx
