// Files and tensors against their hashes: what a load leaves out, as it would cost more than
// the load itself.
#include "compiler/Driver/ArtifactHashes.h"

#include "compiler/Artifact/Manifest.h"
#include "compiler/Driver/Failure.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cstring>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::Twine;

static bool hasHash(ArrayRef<uint8_t> bytes, const uint8_t (&hash)[32]) {
  llvm::BLAKE3Result<> found = llvm::BLAKE3::hash(bytes);
  return std::memcmp(found.data(), hash, sizeof(hash)) == 0;
}

static Expected<HashReport> checkImage(const pleat_model_desc &model, ArrayRef<uint8_t> image,
                                       ArrayRef<std::string> names) {
  pleat_weights_header header;
  auto damaged = [](const Twine &what) {
    return fail(ExitCode::InputInvalid, "not a valid weights file: " + what);
  };
  if (image.size() < sizeof(header) || std::memcmp(image.data(), PLEAT_WEIGHTS_MAGIC, sizeof(header.magic)))
    return damaged("expects the magic number and a header");
  std::memcpy(&header, image.data(), sizeof(header));
  uint64_t tableBytes = header.entry_count * uint64_t(sizeof(pleat_weights_entry));
  if (header.table_offset > image.size() || tableBytes > image.size() - header.table_offset)
    return damaged("its table lies outside the file");

  HashReport report;
  report.checked = header.entry_count;
  ArrayRef<uint8_t> table = image.slice(header.table_offset, tableBytes);
  if (!hasHash(table, model.build_id))
    report.damaged.push_back("the table of tensors is not the one that the code was built with");
  for (uint32_t index = 0; index < header.entry_count; ++index) {
    pleat_weights_entry entry;
    std::memcpy(&entry, &table[index * sizeof(entry)], sizeof(entry));
    std::string name = index < names.size() ? "'" + names[index] + "' " : "";
    std::string place = ("tensor " + Twine(index) + " " + name + "(" + Twine(entry.bytes) + " bytes at " +
                         Twine(entry.offset) + ")")
                            .str();
    if (entry.offset > image.size() || entry.bytes > image.size() - entry.offset)
      report.damaged.push_back(place + " lies outside the file");
    else if (!hasHash(image.slice(entry.offset, entry.bytes), entry.content_hash))
      report.damaged.push_back(place + " does not have the hash " +
                               llvm::toHex(entry.content_hash, /*LowerCase=*/true));
  }
  return report;
}

Expected<HashReport> pleat::checkWeights(const pleat_model_desc &model, llvm::StringRef weightsFile,
                                         ArrayRef<std::string> names) {
  if (!model.weights_bytes)
    return HashReport();
  if (model.embedded_weights)
    return checkImage(model, {model.embedded_weights, model.weights_bytes}, names);
  auto file = llvm::MemoryBuffer::getFile(weightsFile, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return fail(ExitCode::Io, "'" + weightsFile + "': " + file.getError().message());
  llvm::StringRef image = (*file)->getBuffer();
  Expected<HashReport> report =
      checkImage(model, {reinterpret_cast<const uint8_t *>(image.data()), image.size()}, names);
  if (!report)
    return inContext("'" + weightsFile + "': ", report.takeError());
  return report;
}

/// What is wrong with one file of the manifest; empty if nothing is.
static std::string damageOf(const llvm::json::Object &record, llvm::StringRef name, llvm::StringRef folder) {
  std::optional<uint64_t> bytes = record.getInteger("bytes");
  std::optional<llvm::StringRef> hash = record.getString("blake3");
  if (!bytes || !hash)
    return "'" + name.str() + "' has no size or hash in the manifest";
  // The manifest may be anybody's: it speaks of the files beside it and of no others.
  if (name.empty() || name != llvm::sys::path::filename(name) || name == "..")
    return "'" + name.str() + "' does not lie beside the manifest";
  llvm::SmallString<128> file(folder);
  llvm::sys::path::append(file, name);
  Expected<FileRecord> found = recordFile(file);
  if (!found)
    return llvm::toString(found.takeError());
  if (found->bytes != *bytes)
    return ("'" + name + "' has " + Twine(found->bytes) + " bytes, but was compiled with " + Twine(*bytes))
        .str();
  return found->hash == *hash ? "" : "'" + name.str() + "' does not have the hash " + hash->str();
}

HashReport pleat::checkFiles(const llvm::json::Object &manifest, llvm::StringRef folder) {
  HashReport report;
  const llvm::json::Array *files = manifest.getArray("files");
  for (const llvm::json::Value &file : files ? *files : llvm::json::Array()) {
    const llvm::json::Object *record = file.getAsObject();
    std::optional<llvm::StringRef> name = record ? record->getString("name") : std::nullopt;
    ++report.checked;
    std::string damage = name ? damageOf(*record, *name, folder) : "the manifest lists a file without a name";
    if (!damage.empty())
      report.damaged.push_back(std::move(damage));
  }
  return report;
}

std::vector<std::string> pleat::tensorNames(const llvm::json::Object &manifest) {
  std::vector<std::string> names;
  const llvm::json::Array *ledger = manifest.getArray("ledger");
  for (const llvm::json::Value &row : ledger ? *ledger : llvm::json::Array())
    if (const llvm::json::Object *object = row.getAsObject(); object && object->getString("pass") == "pack")
      names.push_back(object->getString("weight").value_or("").str());
  return names;
}
