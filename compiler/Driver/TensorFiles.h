/// Tensors in files: what `--inputs` and `--data` name and `--outputs` writes.
#pragma once

#include "compiler/Driver/HostTensor.h"
#include "llvm/Support/Error.h"

namespace pleat {

/// Tensors from one place, in its order.
struct TensorSet {
  std::vector<HostTensor> tensors;
  /// Whether the order says which is which where the names do not: ONNX test protos.
  bool ordered = false;
};

/// Reads all tensors of `path`:
/// - a .npz archive, in the archive's order;
/// - a folder of .npy files, by name, each called like its file;
/// - a folder of ONNX test protos input_N.pb, in numeric order.
/// Fails with InputInvalid or Unsupported and the file's name, with Io if it cannot be read.
llvm::Expected<TensorSet> readTensors(llvm::StringRef path);

/// Reads the protos `kind`_N.pb of a folder in numeric order; N counts from 0 without gaps.
llvm::Expected<TensorSet> readProtos(llvm::StringRef folder, llvm::StringRef kind);

/// The data sets in `path`: itself if it holds input_N.pb or output_N.pb, else its folders
/// test_data_set_N in numeric order. At least one, or an error.
llvm::Expected<std::vector<std::string>> findDataSets(llvm::StringRef path);

/// Writes tensors to a .npz archive, which replaces what was at `path` only once complete.
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<HostTensor> tensors);

/// Reads one serialized ONNX TensorProto. Data must lie in the message itself.
llvm::Expected<HostTensor> parseProto(llvm::ArrayRef<uint8_t> message);

} // namespace pleat
