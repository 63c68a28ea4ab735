// The ZIP format (PKWARE APPNOTE 6.3). Every offset and length is checked against the file.
#include "compiler/Driver/ZipArchive.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/Endian.h"
#include <zlib.h>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kEnd = 0x06054b50,
                   kZip64End = 0x06064b50, kZip64Locator = 0x07064b50;
constexpr size_t kLocalBytes = 30, kEntryBytes = 46, kEndBytes = 22, kZip64EndBytes = 56, kLocatorBytes = 20;
constexpr uint16_t kStored = 0, kDeflated = 8, kZip64Extra = 1, kVersion = 20, kZip64Version = 45;
constexpr uint32_t kInZip64 = 0xffffffff;
/// 1980-01-01, the earliest date the format has.
constexpr uint32_t kDate = 0x00210000;

Error malformed(const llvm::Twine &what) {
  return fail(ExitCode::InputInvalid, "not a valid ZIP archive: " + what);
}

uint16_t read16(ArrayRef<uint8_t> bytes, size_t at) { return llvm::support::endian::read16le(&bytes[at]); }
uint32_t read32(ArrayRef<uint8_t> bytes, size_t at) { return llvm::support::endian::read32le(&bytes[at]); }
uint64_t read64(ArrayRef<uint8_t> bytes, size_t at) { return llvm::support::endian::read64le(&bytes[at]); }

/// Bytes [offset, offset + length); empty, with `length` not 0, if the archive has no such.
ArrayRef<uint8_t> range(ArrayRef<uint8_t> archive, uint64_t offset, uint64_t length) {
  if (offset > archive.size() || length > archive.size() - offset)
    return {};
  return archive.slice(offset, length);
}

/// Where the directory lies.
struct Directory {
  uint64_t offset, bytes, entries;
};

Expected<Directory> findDirectory(ArrayRef<uint8_t> archive) {
  if (archive.size() < kEndBytes)
    return malformed("too short");
  // A comment of up to 64 KiB may follow the end record.
  size_t lowest = archive.size() - std::min<size_t>(archive.size(), kEndBytes + 0xffff);
  size_t at = archive.size() - kEndBytes;
  while (read32(archive, at) != kEnd || read16(archive, at + 20) != archive.size() - at - kEndBytes) {
    if (at-- == lowest)
      return malformed("it has no end record; is it truncated?");
  }
  if (read16(archive, at + 4) != 0 || read16(archive, at + 8) != read16(archive, at + 10))
    return fail(ExitCode::Unsupported, "unsupported ZIP archive: it spans several files");
  Directory directory{read32(archive, at + 16), read32(archive, at + 12), read16(archive, at + 10)};
  if (at >= kLocatorBytes && read32(archive, at - kLocatorBytes) == kZip64Locator) {
    ArrayRef<uint8_t> end = range(archive, read64(archive, at - kLocatorBytes + 8), kZip64EndBytes);
    if (end.empty() || read32(end, 0) != kZip64End)
      return malformed("bad ZIP64 end record");
    directory = {read64(end, 48), read64(end, 40), read64(end, 32)};
  }
  return directory;
}

/// Takes the sizes and offset that did not fit their fields from the ZIP64 extra field.
Error readZip64(ArrayRef<uint8_t> extra, ZipMember &member) {
  while (extra.size() >= 4) {
    uint16_t tag = read16(extra, 0), length = read16(extra, 2);
    extra = extra.drop_front(4);
    if (length > extra.size())
      return malformed("bad extra field");
    ArrayRef<uint8_t> field = extra.take_front(length);
    extra = extra.drop_front(length);
    if (tag != kZip64Extra)
      continue;
    for (uint64_t *value : {&member.bytes, &member.compressedBytes, &member.headerOffset}) {
      if (*value != kInZip64)
        continue;
      if (field.size() < 8)
        return malformed("bad ZIP64 extra field");
      *value = read64(field, 0);
      field = field.drop_front(8);
    }
  }
  return Error::success();
}

Expected<std::vector<uint8_t>> inflateMember(ArrayRef<uint8_t> data, uint64_t bytes) {
  // Deflate expands to at most 1032 times its input; a claim beyond that is false.
  if (bytes / 1032 > data.size())
    return malformed("a member claims more bytes than its data can expand to");
  std::vector<uint8_t> content(bytes);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return fail(ExitCode::Internal, "zlib cannot start");
  // zlib counts in 32 bits.
  constexpr uint64_t step = uint64_t(1) << 30;
  uint64_t in = 0, out = 0;
  int status = Z_OK;
  uint8_t none;
  while (status == Z_OK) {
    stream.next_in = const_cast<uint8_t *>(data.data() + in);
    stream.avail_in = std::min(step, data.size() - in);
    stream.next_out = bytes ? content.data() + out : &none;
    stream.avail_out = std::min(step, bytes - out);
    uint64_t offered = stream.avail_in, room = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    in += offered - stream.avail_in;
    out += room - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out != bytes)
    return malformed("a member's deflated data is damaged");
  return content;
}

void put16(std::string &text, uint16_t value) { text += {char(value), char(value >> 8)}; }
void put32(std::string &text, uint32_t value) {
  put16(text, value);
  put16(text, value >> 16);
}
void put64(std::string &text, uint64_t value) {
  put32(text, value);
  put32(text, value >> 32);
}

uint32_t in32Bits(uint64_t value) { return std::min<uint64_t>(value, kInZip64); }

/// What a local header and a directory entry have in common: method to lengths of the name
/// and the extra field.
void putMember(std::string &text, const ZipMember &member, size_t extraBytes) {
  put16(text, member.method);
  put32(text, kDate);
  put32(text, member.crc);
  put32(text, in32Bits(member.compressedBytes));
  put32(text, in32Bits(member.bytes));
  put16(text, member.name.size());
  put16(text, extraBytes);
}

/// The ZIP64 extra field with the given values; empty for none.
std::string zip64Extra(ArrayRef<uint64_t> values) {
  std::string extra;
  if (values.empty())
    return extra;
  put16(extra, kZip64Extra);
  put16(extra, 8 * values.size());
  for (uint64_t value : values)
    put64(extra, value);
  return extra;
}

} // namespace

Expected<std::vector<ZipMember>> pleat::readZipDirectory(ArrayRef<uint8_t> archive) {
  Expected<Directory> directory = findDirectory(archive);
  if (!directory)
    return directory.takeError();
  ArrayRef<uint8_t> rest = range(archive, directory->offset, directory->bytes);
  if (rest.size() != directory->bytes)
    return malformed("its directory lies outside the file");
  std::vector<ZipMember> members;
  uint64_t unclaimed = archive.size();
  for (uint64_t i = 0; i < directory->entries; ++i) {
    if (rest.size() < kEntryBytes || read32(rest, 0) != kDirectoryEntry)
      return malformed("bad directory entry");
    size_t nameBytes = read16(rest, 28), extraBytes = read16(rest, 30), commentBytes = read16(rest, 32);
    if (rest.size() - kEntryBytes < nameBytes + extraBytes + commentBytes)
      return malformed("bad directory entry");
    if (read16(rest, 8) & 1)
      return fail(ExitCode::Unsupported, "unsupported ZIP archive: it is encrypted");
    ZipMember member;
    member.method = read16(rest, 10);
    member.crc = read32(rest, 16);
    member.compressedBytes = read32(rest, 20);
    member.bytes = read32(rest, 24);
    member.headerOffset = read32(rest, 42);
    member.name.assign(reinterpret_cast<const char *>(&rest[0]) + kEntryBytes, nameBytes);
    if (Error error = readZip64(rest.slice(kEntryBytes + nameBytes, extraBytes), member))
      return error;
    // Members that share data would let a small file expand without end.
    if (member.compressedBytes > unclaimed)
      return malformed("its members claim more bytes than the file has");
    unclaimed -= member.compressedBytes;
    members.push_back(std::move(member));
    rest = rest.drop_front(kEntryBytes + nameBytes + extraBytes + commentBytes);
  }
  return members;
}

Expected<std::vector<uint8_t>> pleat::readZipMember(ArrayRef<uint8_t> archive, const ZipMember &member) {
  ArrayRef<uint8_t> header = range(archive, member.headerOffset, kLocalBytes);
  if (header.empty() || read32(header, 0) != kLocalHeader)
    return malformed("a member lies outside the file");
  uint64_t start = member.headerOffset + kLocalBytes + read16(header, 26) + read16(header, 28);
  ArrayRef<uint8_t> data = range(archive, start, member.compressedBytes);
  if (data.size() != member.compressedBytes)
    return malformed("a member lies outside the file");

  std::vector<uint8_t> content;
  if (member.method == kStored) {
    if (member.bytes != data.size())
      return malformed("a stored member has two sizes");
    content.assign(data.begin(), data.end());
  } else if (member.method == kDeflated) {
    Expected<std::vector<uint8_t>> inflated = inflateMember(data, member.bytes);
    if (!inflated)
      return inflated.takeError();
    content = std::move(*inflated);
  } else {
    return fail(ExitCode::Unsupported, "unsupported compression method " + llvm::Twine(member.method));
  }
  if (crc32_z(0, content.data(), content.size()) != member.crc)
    return malformed("a member's checksum does not match");
  return content;
}

void ZipWriter::add(StringRef name, ArrayRef<ArrayRef<uint8_t>> pieces) {
  ZipMember member{name.str(), kStored, 0, 0, 0, offset};
  uLong crc = crc32_z(0, nullptr, 0);
  for (ArrayRef<uint8_t> piece : pieces) {
    if (!piece.empty()) // for a null pointer, zlib starts over
      crc = crc32_z(crc, piece.data(), piece.size());
    member.bytes += piece.size();
  }
  member.crc = crc;
  member.compressedBytes = member.bytes;

  bool large = member.bytes >= kInZip64;
  std::string extra = large ? zip64Extra({member.bytes, member.bytes}) : "";
  std::string header;
  put32(header, kLocalHeader);
  put16(header, large ? kZip64Version : kVersion);
  put16(header, 0);
  putMember(header, member, extra.size());
  header += member.name + extra;
  stream << header;
  for (ArrayRef<uint8_t> piece : pieces)
    stream.write(reinterpret_cast<const char *>(piece.data()), piece.size());
  offset += header.size() + member.bytes;
  members.push_back(std::move(member));
}

void ZipWriter::finish() {
  std::string directory;
  for (const ZipMember &member : members) {
    llvm::SmallVector<uint64_t, 3> wide;
    if (member.bytes >= kInZip64)
      wide = {member.bytes, member.compressedBytes};
    if (member.headerOffset >= kInZip64)
      wide.push_back(member.headerOffset);
    std::string extra = zip64Extra(wide);
    uint16_t version = wide.empty() ? kVersion : kZip64Version;
    put32(directory, kDirectoryEntry);
    put16(directory, version);
    put16(directory, version);
    put16(directory, 0);
    putMember(directory, member, extra.size());
    directory.append(10, '\0'); // comment, disk, attributes
    put32(directory, in32Bits(member.headerOffset));
    directory += member.name + extra;
  }
  uint64_t directoryBytes = directory.size();
  if (offset + directoryBytes >= kInZip64 || members.size() >= 0xffff) {
    put32(directory, kZip64End);
    put64(directory, kZip64EndBytes - 12);
    put16(directory, kZip64Version);
    put16(directory, kZip64Version);
    put64(directory, 0); // disks
    put64(directory, members.size());
    put64(directory, members.size());
    put64(directory, directoryBytes);
    put64(directory, offset);
    put32(directory, kZip64Locator);
    put32(directory, 0);
    put64(directory, offset + directoryBytes);
    put32(directory, 1);
  }
  uint16_t entries = std::min<size_t>(members.size(), 0xffff);
  put32(directory, kEnd);
  put32(directory, 0); // disks
  put16(directory, entries);
  put16(directory, entries);
  put32(directory, in32Bits(directoryBytes));
  put32(directory, in32Bits(offset));
  put16(directory, 0);
  stream << directory;
}
