// lld reads and writes files, so objects on their way to it lie in a temporary folder.
#include "compiler/Target/Linker.h"

#include "compiler/Artifact/OutputFile.h"
#include "compiler/Artifact/TemporaryFolder.h"

#include "lld/Common/Driver.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ELF/ELFConfig.h"
#include "llvm/ObjCopy/ELF/ELFObjcopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace llvm;
using namespace pleat;
using Bytes = SmallVector<char, 0>;

Error pleat::runLinker(ArrayRef<std::string> arguments) {
  static std::mutex one;
  std::lock_guard<std::mutex> lock(one);
  std::vector<const char *> raw{"ld.lld"};
  for (const std::string &argument : arguments)
    raw.push_back(argument.c_str());
  std::string messages;
  raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(raw, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return createStringError("the linker failed: " + messages);
  return Error::success();
}

/// `object` with every hidden symbol made local.
static Expected<Bytes> localiseHidden(MemoryBufferRef object) {
  auto file = object::ObjectFile::createELFObjectFile(object);
  if (!file)
    return file.takeError();
  objcopy::CommonConfig common;
  objcopy::ELFConfig elf;
  elf.LocalizeHidden = true;
  Bytes bytes;
  raw_svector_ostream stream(bytes);
  if (Error error =
          objcopy::elf::executeObjcopyOnBinary(common, elf, cast<object::ELFObjectFileBase>(**file), stream))
    return std::move(error);
  return bytes;
}

Expected<Bytes> pleat::joinObjects(std::vector<Bytes> objects) {
  if (objects.size() == 1)
    return std::move(objects.front());
  Expected<TemporaryFolder> folder = TemporaryFolder::createInSystem("pleat-link");
  if (!folder)
    return folder.takeError();
  std::string joined = folder->file("joined.o");
  std::vector<std::string> arguments{"-r", "--threads=1", "--build-id=none", "-o", joined};
  for (auto [index, object] : llvm::enumerate(objects)) {
    arguments.push_back(folder->file(Twine(index) + ".o"));
    if (Error error = writeFile(arguments.back(), StringRef(object.data(), object.size())))
      return std::move(error);
  }
  if (Error error = runLinker(arguments))
    return std::move(error);
  auto buffer = MemoryBuffer::getFile(joined, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createFileError(joined, buffer.getError());
  return localiseHidden(**buffer);
}
