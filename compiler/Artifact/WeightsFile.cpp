// Offsets from shapes, then bytes in the order of the offsets.
#include "compiler/Artifact/WeightsFile.h"

#include "compiler/Artifact/Crc32c.h"
#include "compiler/Artifact/OutputFile.h"
#include "compiler/Artifact/PackWeight.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace pleat;

static constexpr uint64_t alignment = PLEAT_WEIGHTS_ALIGNMENT;

/// What the model calls a weight, for messages.
static std::string describe(const WeightInfo &info) {
  return "weight \"" + (info.names.empty() ? info.key : join(info.names, "\", \"")) + "\"";
}

Expected<unsigned> WeightsPlan::add(StringRef key, WeightLayout layout, bool transposed) {
  auto identity = std::make_tuple(key.str(), layout, transposed);
  if (auto position = known.find(identity); position != known.end())
    return position->second;
  std::optional<WeightInfo> info = store.lookup(key);
  if (!info)
    return createStringError("the weight store has no entry '" + key + "'");
  Expected<StoredForm> form = storedForm(info->type, info->dims, layout, transposed);
  if (!form)
    return createStringError(describe(*info) + ": " + toString(form.takeError()));
  uint64_t relative =
      entries.empty() ? 0 : alignTo(entries.back().relative + entries.back().form.bytes, alignment);
  known[identity] = entries.size();
  entries.push_back({*info, layout, transposed, *form, relative});
  return entries.size() - 1;
}

uint64_t WeightsPlan::tensorsStart() const {
  return alignTo(sizeof(pleat_weights_header) + entries.size() * sizeof(pleat_weights_entry), alignment);
}

uint64_t WeightsPlan::tensorsEnd() const {
  return tensorsStart() + (entries.empty() ? 0 : entries.back().relative + entries.back().form.bytes);
}

uint64_t WeightsPlan::offset(unsigned entry) const { return tensorsStart() + entries[entry].relative; }

uint64_t WeightsPlan::fileBytes() const {
  return entries.empty() ? 0 : alignTo(tensorsEnd(), alignment) + alignment;
}

WeightsAccount WeightsPlan::account() const {
  WeightsAccount account;
  if (entries.empty())
    return account;
  account.header = sizeof(pleat_weights_header);
  account.table = entries.size() * sizeof(pleat_weights_entry);
  for (const Entry &entry : entries)
    account.tensors += entry.form.bytes;
  account.padding = fileBytes() - account.header - account.table - account.tensors;
  return account;
}

template <typename Record>
static ArrayRef<uint8_t> bytesOf(ArrayRef<Record> records) {
  return {reinterpret_cast<const uint8_t *>(records.data()), records.size() * sizeof(Record)};
}

/// Packs one entry to the end of `file` and fills in its row of the table. Returns the
/// relative error of what was packed.
static Expected<double> writeTensor(const WeightStore &store, const WeightsPlan::Entry &entry,
                                    uint64_t offset, OutputFile &file, pleat_weights_entry &row) {
  file.writeZeros(offset - file.position());
  BLAKE3 hash;
  auto sink = [&](ArrayRef<uint8_t> bytes) {
    hash.update(bytes);
    file.write(bytes);
    return file.status();
  };
  Expected<PackError> packed = packWeight(store, entry.source.key, entry.layout, entry.transposed, sink);
  if (!packed)
    return packed.takeError();
  if (file.position() != offset + entry.form.bytes)
    return createStringError(describe(entry.source) + " was packed into " + Twine(file.position() - offset) +
                             " bytes, but planned with " + Twine(entry.form.bytes));
  copy(hash.final<32>(), row.content_hash);
  row.offset = offset;
  row.bytes = entry.form.bytes;
  row.type = entry.form.type;
  row.layout = static_cast<uint32_t>(entry.layout);
  return packed->relative();
}

/// The header of a file with that table; its build id is the table's hash.
static pleat_weights_header makeHeader(ArrayRef<pleat_weights_entry> table, uint64_t fileBytes) {
  pleat_weights_header header = {};
  copy(StringRef(PLEAT_WEIGHTS_MAGIC), header.magic);
  header.version = PLEAT_WEIGHTS_VERSION;
  header.oldest_reader = PLEAT_WEIGHTS_VERSION;
  copy(BLAKE3::hash<32>(bytesOf(table)), header.build_id);
  header.file_bytes = fileBytes;
  header.table_offset = sizeof header;
  header.entry_count = table.size();
  header.table_check = crc32c(bytesOf(table));
  header.header_check =
      crc32c(bytesOf(ArrayRef(header)).take_front(offsetof(pleat_weights_header, header_check)));
  return header;
}

Expected<WrittenWeights> WeightsPlan::write(StringRef path) const {
  if (entries.empty())
    return WrittenWeights();
  auto file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  std::vector<pleat_weights_entry> table(entries.size());
  (*file)->writeZeros(tensorsStart());
  WrittenWeights written;
  for (auto [i, entry] : enumerate(entries)) {
    Expected<double> error = writeTensor(store, entry, offset(i), **file, table[i]);
    if (!error)
      return error.takeError();
    written.errors.push_back(*error);
  }
  (*file)->writeZeros(fileBytes() - (*file)->position());
  pleat_weights_header header = makeHeader(table, fileBytes());
  (*file)->overwrite(0, bytesOf(ArrayRef(header)));
  (*file)->overwrite(sizeof header, bytesOf<pleat_weights_entry>(table));
  copy(header.build_id, written.buildId.begin());
  written.bytes = fileBytes();
  if (Error error = (*file)->close())
    return std::move(error);
  return written;
}
