// The manifest as its readers among the verbs see it: JSON whose keys they look up themselves.
#include "compiler/Driver/ReadManifest.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace pleat;
namespace json = llvm::json;

/// Manifests nest as deep as their longest formula. LLVM's parser calls itself for each level,
/// so that a hostile file could exhaust the stack.
static bool nestsTooDeep(llvm::StringRef text) {
  constexpr unsigned deepest = 2000;
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      inString = !inString;
    else if (inString)
      i += text[i] == '\\';
    else if (text[i] == '[' || text[i] == '{')
      ++depth;
    else if ((text[i] == ']' || text[i] == '}') && depth)
      --depth;
    if (depth > deepest)
      return true;
  }
  return false;
}

llvm::Expected<json::Object> pleat::readManifest(llvm::StringRef file) {
  auto text = llvm::MemoryBuffer::getFile(file);
  if (!text)
    return fail(ExitCode::Io, "'" + file + "': " + text.getError().message());
  if (nestsTooDeep((*text)->getBuffer()))
    return fail(ExitCode::InputInvalid, "'" + file + "': nests too deep for a manifest");
  llvm::Expected<json::Value> value = json::parse((*text)->getBuffer());
  if (!value)
    return fail(ExitCode::InputInvalid, "'" + file + "': " + llvm::toString(value.takeError()));
  if (json::Object *object = value->getAsObject())
    return std::move(*object);
  return fail(ExitCode::InputInvalid, "'" + file + "': expects a JSON object");
}
