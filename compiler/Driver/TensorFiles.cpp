// Which files hold tensors, in which order, and under which names.
#include "compiler/Driver/TensorFiles.h"

#include "compiler/Driver/Failure.h"
#include "compiler/Driver/NpyFormat.h"
#include "compiler/Driver/ZipArchive.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

ArrayRef<uint8_t> bytesOf(StringRef text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

std::string inFolder(StringRef folder, StringRef name) {
  llvm::SmallString<128> result(folder);
  path::append(result, name);
  return result.str().str();
}

Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(StringRef file) {
  // A folder or a device would be read until memory ends.
  if (!fs::is_regular_file(file) && fs::exists(file))
    return fail(ExitCode::Io, "'" + file + "': expects a file");
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(ExitCode::Io, "'" + file + "': " + buffer.getError().message());
  return std::move(*buffer);
}

/// Names of what lies in a folder, sorted.
Expected<std::vector<std::string>> listFolder(StringRef folder) {
  std::error_code code;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    names.push_back(path::filename(entry->path()).str());
  if (code)
    return fail(ExitCode::Io, "'" + folder + "': " + code.message());
  llvm::sort(names);
  return names;
}

/// N of "<prefix>N<suffix>"; nullopt for other names.
std::optional<unsigned> numberIn(StringRef name, StringRef prefix, StringRef suffix) {
  unsigned number;
  if (!name.consume_front(prefix) || !name.consume_back(suffix) || name.getAsInteger(10, number))
    return std::nullopt;
  return number;
}

/// The numbered names of a folder by their numbers.
Expected<std::vector<std::pair<unsigned, std::string>>> listNumbered(StringRef folder, StringRef prefix,
                                                                     StringRef suffix) {
  Expected<std::vector<std::string>> names = listFolder(folder);
  if (!names)
    return names.takeError();
  std::vector<std::pair<unsigned, std::string>> numbered;
  for (const std::string &name : *names)
    if (std::optional<unsigned> number = numberIn(name, prefix, suffix))
      numbered.emplace_back(*number, name);
  llvm::sort(numbered);
  return numbered;
}

Expected<HostTensor> readNpyFile(StringRef file) {
  auto buffer = readFile(file);
  if (!buffer)
    return buffer.takeError();
  Expected<HostTensor> tensor = parseNpy(bytesOf((*buffer)->getBuffer()));
  if (!tensor)
    return inContext("'" + file + "': ", tensor.takeError());
  tensor->name = path::stem(file).str();
  return tensor;
}

Expected<TensorSet> readNpyFolder(StringRef folder, ArrayRef<std::string> names) {
  TensorSet set;
  for (StringRef name : names) {
    if (!name.ends_with(".npy"))
      continue;
    Expected<HostTensor> tensor = readNpyFile(inFolder(folder, name));
    if (!tensor)
      return tensor.takeError();
    set.tensors.push_back(std::move(*tensor));
  }
  return set;
}

Expected<TensorSet> readNpz(StringRef file) {
  auto buffer = readFile(file);
  if (!buffer)
    return buffer.takeError();
  ArrayRef<uint8_t> archive = bytesOf((*buffer)->getBuffer());
  Expected<std::vector<ZipMember>> members = readZipDirectory(archive);
  if (!members)
    return inContext("'" + file + "': ", members.takeError());
  TensorSet set;
  llvm::StringSet<> seen;
  for (const ZipMember &member : *members) {
    std::string context = ("'" + file + "', member '" + member.name + "': ").str();
    StringRef name = member.name;
    name.consume_back(".npy");
    if (!seen.insert(name).second)
      return fail(ExitCode::InputInvalid, context + "the archive has it twice");
    Expected<std::vector<uint8_t>> content = readZipMember(archive, member);
    if (!content)
      return inContext(context, content.takeError());
    Expected<HostTensor> tensor = parseNpy(*content);
    if (!tensor)
      return inContext(context, tensor.takeError());
    tensor->name = name.str();
    set.tensors.push_back(std::move(*tensor));
  }
  return set;
}

/// The error of a file that could not be written, which its destructor would die of.
Error takeWriteError(llvm::raw_ostream &stream) {
  stream.flush();
  if (stream.get_kind() != llvm::raw_ostream::OStreamKind::OK_FDStream)
    return Error::success();
  auto &file = static_cast<llvm::raw_fd_ostream &>(stream);
  std::error_code code = file.error();
  file.clear_error();
  return llvm::errorCodeToError(code);
}

} // namespace

Expected<TensorSet> pleat::readProtos(StringRef folder, StringRef kind) {
  auto numbered = listNumbered(folder, (kind + "_").str(), ".pb");
  if (!numbered)
    return numbered.takeError();
  TensorSet set;
  set.ordered = true;
  for (const auto &[number, name] : *numbered) {
    std::string file = inFolder(folder, name);
    if (number != set.tensors.size())
      return fail(ExitCode::InputInvalid, "'" + folder + "': expects " + kind + "_" +
                                              llvm::Twine(set.tensors.size()) + ".pb, but got " + name);
    auto buffer = readFile(file);
    if (!buffer)
      return buffer.takeError();
    Expected<HostTensor> tensor = parseProto(bytesOf((*buffer)->getBuffer()));
    if (!tensor)
      return inContext("'" + file + "': ", tensor.takeError());
    set.tensors.push_back(std::move(*tensor));
  }
  return set;
}

Expected<TensorSet> pleat::readTensors(StringRef path) {
  if (!fs::exists(path))
    return fail(ExitCode::Io, "'" + path + "': no such file or folder");
  if (!fs::is_directory(path)) {
    if (path.ends_with(".npz"))
      return readNpz(path);
    return fail(ExitCode::Usage,
                "'" + path + "': expects a .npz file, a folder of .npy files or of ONNX test protos");
  }
  Expected<std::vector<std::string>> names = listFolder(path);
  if (!names)
    return names.takeError();
  if (llvm::any_of(*names, [](StringRef name) { return name.ends_with(".npy"); }))
    return readNpyFolder(path, *names);
  Expected<TensorSet> protos = readProtos(path, "input");
  if (protos && protos->tensors.empty())
    return fail(ExitCode::InputInvalid, "'" + path + "': expects .npy files or input_N.pb in this folder");
  return protos;
}

Expected<std::vector<std::string>> pleat::findDataSets(StringRef path) {
  if (!fs::is_directory(path))
    return fail(ExitCode::Io, "'" + path + "': expects a folder");
  for (StringRef kind : {"input_", "output_"}) {
    auto protos = listNumbered(path, kind, ".pb");
    if (!protos)
      return protos.takeError();
    if (!protos->empty())
      return std::vector<std::string>{path.str()};
  }
  auto folders = listNumbered(path, "test_data_set_", "");
  if (!folders)
    return folders.takeError();
  if (folders->empty())
    return fail(ExitCode::InputInvalid,
                "'" + path + "': expects output_N.pb or folders test_data_set_N in it");
  std::vector<std::string> sets;
  for (const auto &[number, name] : *folders)
    sets.push_back(inFolder(path, name));
  return sets;
}

Error pleat::writeNpz(StringRef path, ArrayRef<HostTensor> tensors) {
  constexpr size_t longest = 0xffff - StringRef(".npy").size(); // the format counts in 16 bits
  for (const HostTensor &tensor : tensors)
    if (tensor.name.size() > longest)
      return fail(ExitCode::Unsupported, "'" + path + "': the name of an output has " +
                                             llvm::Twine(tensor.name.size()) +
                                             " bytes; a .npz file takes at most " + llvm::Twine(longest));
  Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
    ZipWriter writer(stream);
    for (const HostTensor &tensor : tensors) {
      std::string header = npyHeader(tensor);
      writer.add(tensor.name + ".npy", {bytesOf(header), tensor.bytes});
    }
    writer.finish();
    return takeWriteError(stream);
  });
  if (error)
    return fail(ExitCode::Io, "'" + path + "': " + llvm::toString(std::move(error)));
  return Error::success();
}
