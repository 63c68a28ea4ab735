// The manifest as its readers among the verbs see it: JSON whose keys they look up themselves.
#include "compiler/Driver/ReadManifest.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace pleat;
namespace json = llvm::json;

llvm::Expected<json::Object> pleat::readManifest(llvm::StringRef file) {
  auto text = llvm::MemoryBuffer::getFile(file);
  if (!text)
    return fail(ExitCode::Io, "'" + file + "': " + text.getError().message());
  llvm::Expected<json::Value> value = json::parse((*text)->getBuffer());
  if (!value)
    return fail(ExitCode::InputInvalid, "'" + file + "': " + llvm::toString(value.takeError()));
  if (json::Object *object = value->getAsObject())
    return std::move(*object);
  return fail(ExitCode::InputInvalid, "'" + file + "': expects a JSON object");
}
