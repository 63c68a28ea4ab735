// Weights against their hashes; what a load leaves out because it would cost more than itself.
#include "compiler/Driver/WeightHashes.h"

#include "compiler/Driver/Failure.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::Twine;

static bool hasHash(ArrayRef<uint8_t> bytes, const uint8_t (&hash)[32]) {
  llvm::BLAKE3Result<> found = llvm::BLAKE3::hash(bytes);
  return std::memcmp(found.data(), hash, sizeof(hash)) == 0;
}

static Expected<WeightsReport> checkImage(const pleat_model_desc &model, ArrayRef<uint8_t> image) {
  pleat_weights_header header;
  auto damaged = [](const Twine &what) { return fail(ExitCode::InputInvalid, "not a valid weights file: " + what); };
  if (image.size() < sizeof(header) || std::memcmp(image.data(), PLEAT_WEIGHTS_MAGIC, sizeof(header.magic)))
    return damaged("expects the magic number and a header");
  std::memcpy(&header, image.data(), sizeof(header));
  uint64_t tableBytes = header.entry_count * uint64_t(sizeof(pleat_weights_entry));
  if (header.table_offset > image.size() || tableBytes > image.size() - header.table_offset)
    return damaged("its table lies outside the file");

  WeightsReport report;
  report.tensors = header.entry_count;
  report.bytes = image.size();
  ArrayRef<uint8_t> table = image.slice(header.table_offset, tableBytes);
  if (!hasHash(table, model.build_id))
    report.damaged.push_back("the table of tensors is not the one that the code was built with");
  for (uint32_t index = 0; index < header.entry_count; ++index) {
    pleat_weights_entry entry;
    std::memcpy(&entry, &table[index * sizeof(entry)], sizeof(entry));
    std::string place = ("tensor " + Twine(index) + " (" + Twine(entry.bytes) + " bytes at " + Twine(entry.offset) +
                         ")").str();
    if (entry.offset > image.size() || entry.bytes > image.size() - entry.offset)
      report.damaged.push_back(place + " lies outside the file");
    else if (!hasHash(image.slice(entry.offset, entry.bytes), entry.content_hash))
      report.damaged.push_back(place + " does not have the hash " + llvm::toHex(entry.content_hash, /*LowerCase=*/true));
  }
  return report;
}

Expected<WeightsReport> pleat::checkWeights(const pleat_model_desc &model, llvm::StringRef weightsFile) {
  if (!model.weights_bytes)
    return WeightsReport();
  if (model.embedded_weights)
    return checkImage(model, {model.embedded_weights, model.weights_bytes});
  auto file = llvm::MemoryBuffer::getFile(weightsFile, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return fail(ExitCode::Io, "'" + weightsFile + "': " + file.getError().message());
  llvm::StringRef image = (*file)->getBuffer();
  Expected<WeightsReport> report =
      checkImage(model, {reinterpret_cast<const uint8_t *>(image.data()), image.size()});
  if (!report)
    return inContext("'" + weightsFile + "': ", report.takeError());
  return report;
}
