// An ONNX TensorProto as a tensor in memory; the importer's reader finds the fields.
#include "compiler/Artifact/ModelInterface.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/TensorFiles.h"
#include "compiler/Import/ImportStatus.h"
#include "compiler/Import/ONNX/TensorPayload.h"

using namespace pleat;
using llvm::Error;
using llvm::Expected;

/// The importer's errors carry numbers that are our exit codes.
static Error withExitCode(Error error) {
  return llvm::handleErrors(std::move(error), [](const ImportError &import) {
    return fail(static_cast<ExitCode>(import.getStatus()), import.getText());
  });
}

Expected<HostTensor> pleat::parseProto(llvm::ArrayRef<uint8_t> message) {
  Expected<onnx::TensorPayload> payload = onnx::TensorPayload::scan(message);
  if (!payload)
    return withExitCode(payload.takeError());
  if (!isHostType(payload->dataType))
    return fail(ExitCode::Unsupported, "unsupported element type " + onnx::dataTypeName(payload->dataType));
  if (payload->external || payload->segmented)
    return fail(ExitCode::Unsupported, "expects the tensor's data in the same file");
  HostTensor tensor;
  tensor.name = payload->name;
  tensor.type = static_cast<pleat_type>(payload->dataType);
  tensor.shape = payload->dims;
  std::optional<uint64_t> needed = hostBytes(tensor.type, tensor.shape);
  if (!needed)
    return fail(ExitCode::InputInvalid, "the size of its shape overflows");
  // The shape is not to be believed before the data is there: no reserve.
  Error error = payload->decode([&](llvm::ArrayRef<uint8_t> bytes) {
    tensor.bytes.insert(tensor.bytes.end(), bytes.begin(), bytes.end());
    return Error::success();
  });
  if (error)
    return withExitCode(std::move(error));
  if (tensor.bytes.size() != *needed)
    return fail(ExitCode::InputInvalid, "expects " + llvm::Twine(*needed) + " bytes of data, but got " +
                                            llvm::Twine(tensor.bytes.size()));
  for (uint8_t &byte : tensor.bytes)
    if (tensor.type == PLEAT_BOOL)
      byte = byte != 0;
  return tensor;
}
