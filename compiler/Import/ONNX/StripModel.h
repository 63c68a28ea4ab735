/// Separates an ONNX file into a small model and the data of its tensors.
#pragma once

#include "compiler/Import/ONNX/TensorPayload.h"
#include <string>
#include <vector>

namespace pleat::onnx {

/// A serialized ModelProto without large data. Wherever the file has a tensor whose data is
/// large or external, the model has one that claims external data at the location of
/// its decimal index in `payloads`; no other tensor of the model is external. Documentation
/// strings are left out too.
struct StrippedModel {
  std::string model;
  std::vector<TensorPayload> payloads;
};

/// Strips a serialized ModelProto. Payloads borrow from `file`. Fails with InvalidInput when
/// the file is no protobuf message, or when graphs nest deeper than any model's do.
llvm::Expected<StrippedModel> stripModel(llvm::ArrayRef<uint8_t> file);

} // namespace pleat::onnx
