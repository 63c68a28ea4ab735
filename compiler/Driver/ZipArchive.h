/// ZIP archives, as far as NumPy's .npz needs them: members stored or deflated, ZIP64.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace pleat {

/// One file of an archive, where the archive's directory says it is; not yet checked.
struct ZipMember {
  std::string name;
  uint16_t method;
  uint32_t crc;
  uint64_t compressedBytes, bytes, headerOffset;
};

/// Reads the directory of an archive. Fails with InputInvalid if there is none or it is
/// damaged, with Unsupported for archives that are encrypted or span several files.
llvm::Expected<std::vector<ZipMember>> readZipDirectory(llvm::ArrayRef<uint8_t> archive);

/// The content of one member, with its checksum compared. Never takes more memory than the
/// archive's own bytes can expand to. Fails with InputInvalid on damage, with Unsupported on
/// other compressions.
llvm::Expected<std::vector<uint8_t>> readZipMember(llvm::ArrayRef<uint8_t> archive, const ZipMember &member);

/// Writes an archive of stored members, the same bytes for the same content.
class ZipWriter {
public:
  /// `stream` is borrowed until finish.
  explicit ZipWriter(llvm::raw_ostream &stream) : stream(stream) {}

  /// Appends a member whose content is the pieces one after another.
  void add(llvm::StringRef name, llvm::ArrayRef<llvm::ArrayRef<uint8_t>> pieces);

  /// Writes the directory; nothing may follow.
  void finish();

private:
  llvm::raw_ostream &stream;
  std::vector<ZipMember> members;
  uint64_t offset = 0;
};

} // namespace pleat
