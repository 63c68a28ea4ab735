// Adds, finds and streams entries. Data is read outside the lock: sources never change.
#include "dialects/Pleat/Weights/StoreState.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include <algorithm>
#include <cstring>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::MutableArrayRef;
using llvm::StringRef;

namespace {

/// Copies up to this size stay in memory; larger ones go to the spill file.
constexpr uint64_t largestOwned = 64 << 10;

std::string shapeText(ElementType type, ArrayRef<int64_t> dims) {
  std::string text;
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + elementTypeName(type).str();
}

Expected<uint64_t> checkedBytes(ElementType type, ArrayRef<int64_t> dims, StringRef name) {
  if (std::optional<uint64_t> bytes = storageBytes(type, dims))
    return *bytes;
  return llvm::createStringError(std::make_error_code(std::errc::value_too_large),
                                 "weight \"" + name + "\": size of " + shapeText(type, dims) + " overflows");
}

Error wrongSize(StringRef name, ElementType type, ArrayRef<int64_t> dims, uint64_t expected, uint64_t found) {
  return llvm::createStringError(std::make_error_code(std::errc::invalid_argument),
                                 "weight \"" + name + "\": " + shapeText(type, dims) + " needs " +
                                     llvm::Twine(expected) + " bytes, but got " + llvm::Twine(found));
}

WeightInfo makeInfo(std::string key, ElementType type, ArrayRef<int64_t> dims, uint64_t bytes,
                    StringRef name) {
  WeightInfo info{std::move(key), type, {dims.begin(), dims.end()}, bytes, {}};
  if (!name.empty())
    info.names.push_back(name.str());
  return info;
}

} // namespace

ContentHash::ContentHash(ElementType type, ArrayRef<int64_t> dims) {
  // Rank and sizes are of fixed width, so that no shape's header is the start of another's.
  StringRef name = elementTypeName(type);
  hasher.update(name);
  std::vector<uint8_t> header(9 + 8 * dims.size());
  llvm::support::endian::write64le(header.data() + 1, dims.size());
  for (auto [index, dim] : llvm::enumerate(dims))
    llvm::support::endian::write64le(header.data() + 9 + 8 * index, dim);
  hasher.update(header);
}

std::string ContentHash::key() {
  llvm::BLAKE3Result<16> digest = hasher.final<16>();
  return "b3:" + llvm::toHex(ArrayRef<uint8_t>(digest.data(), digest.size()), /*LowerCase=*/true);
}

Expected<const WeightEntry *> WeightStore::State::find(StringRef key) const {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = byKey.find(key);
  if (found == byKey.end())
    return llvm::createStringError(std::make_error_code(std::errc::invalid_argument),
                                   "no weight has the key \"" + key + "\"");
  return found->second;
}

std::string WeightStore::State::insert(WeightEntry entry) {
  std::lock_guard<std::mutex> lock(mutex);
  auto [position, added] = byKey.try_emplace(entry.info.key, nullptr);
  if (added) {
    entries.push_back(std::move(entry));
    position->second = &entries.back();
  } else {
    std::vector<std::string> &names = position->second->info.names;
    for (std::string &name : entry.info.names)
      if (!llvm::is_contained(names, name))
        names.push_back(std::move(name));
  }
  return position->second->info.key;
}

Expected<SpilledRange> WeightStore::State::reserveSpill(uint64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!spill) {
    auto created = SpillFile::create(spillDirectory);
    if (!created)
      return created.takeError();
    spill = std::move(*created);
  }
  SpilledRange range{spillEnd};
  spillEnd += bytes;
  return range;
}

Error WeightStore::State::readSource(const WeightSource &source, uint64_t offset,
                                     MutableArrayRef<uint8_t> bytes) const {
  if (bytes.empty())
    return Error::success();
  if (auto *spilled = std::get_if<SpilledRange>(&source))
    return spill->read(spilled->offset + offset, bytes);
  if (auto *mapped = std::get_if<MappedRange>(&source))
    std::memcpy(bytes.data(), mapped->file->bytes().data() + mapped->offset + offset, bytes.size());
  else
    std::memcpy(bytes.data(), std::get<std::vector<uint8_t>>(source).data() + offset, bytes.size());
  return Error::success();
}

Error WeightStore::State::visit(const WeightEntry &entry,
                                llvm::function_ref<Error(uint64_t, ArrayRef<uint8_t>)> visit) const {
  std::vector<uint8_t> buffer;
  for (uint64_t offset = 0; offset < entry.info.bytes; offset += windowBytes) {
    uint64_t length = std::min(windowBytes, entry.info.bytes - offset);
    if (auto *mapped = std::get_if<MappedRange>(&entry.source)) {
      uint64_t begin = mapped->offset + offset;
      Error error = visit(offset, mapped->file->bytes().slice(begin, length));
      mapped->file->release(begin, length);
      if (error)
        return error;
      continue;
    }
    buffer.resize(length);
    if (Error error = readSource(entry.source, offset, buffer))
      return error;
    if (Error error = visit(offset, buffer))
      return error;
  }
  return Error::success();
}

WeightStore::WeightStore(StringRef spillDirectory) : state(std::make_unique<State>()) {
  state->spillDirectory = spillDirectory.str();
}

WeightStore::~WeightStore() = default;

Expected<std::string> WeightStore::addMapped(std::shared_ptr<MappedFile> file, uint64_t offset,
                                             ElementType type, ArrayRef<int64_t> dims, StringRef name) {
  Expected<uint64_t> bytes = checkedBytes(type, dims, name);
  if (!bytes)
    return bytes.takeError();
  uint64_t size = file->bytes().size();
  if (offset > size || *bytes > size - offset)
    return wrongSize(name, type, dims, *bytes, offset > size ? 0 : size - offset);
  WeightEntry entry{makeInfo("", type, dims, *bytes, name), MappedRange{std::move(file), offset}};
  ContentHash hash(type, dims);
  llvm::cantFail(state->visit(entry, [&](uint64_t, ArrayRef<uint8_t> window) {
    hash.update(window);
    return Error::success();
  }));
  entry.info.key = hash.key();
  return state->insert(std::move(entry));
}

Expected<std::string> WeightStore::addBytes(ArrayRef<uint8_t> bytes, ElementType type, ArrayRef<int64_t> dims,
                                            StringRef name) {
  Expected<uint64_t> needed = checkedBytes(type, dims, name);
  if (!needed)
    return needed.takeError();
  if (bytes.size() != *needed)
    return wrongSize(name, type, dims, *needed, bytes.size());
  ContentHash hash(type, dims);
  hash.update(bytes);
  WeightEntry entry{makeInfo(hash.key(), type, dims, *needed, name), std::vector<uint8_t>()};
  if (lookup(entry.info.key))
    return state->insert(std::move(entry));
  if (bytes.size() <= largestOwned) {
    entry.source = bytes.vec();
    return state->insert(std::move(entry));
  }
  Expected<SpilledRange> range = state->reserveSpill(*needed);
  if (!range)
    return range.takeError();
  if (Error error = state->spill->write(range->offset, bytes))
    return error;
  entry.source = *range;
  return state->insert(std::move(entry));
}

Expected<std::string> WeightStore::addStreamed(ElementType type, ArrayRef<int64_t> dims, StringRef name,
                                               llvm::function_ref<Error(Sink)> produce) {
  Expected<uint64_t> needed = checkedBytes(type, dims, name);
  if (!needed)
    return needed.takeError();
  Expected<SpilledRange> range = state->reserveSpill(*needed);
  if (!range)
    return range.takeError();
  ContentHash hash(type, dims);
  uint64_t written = 0;
  auto sink = [&](ArrayRef<uint8_t> bytes) -> Error {
    if (bytes.size() > *needed - written)
      return wrongSize(name, type, dims, *needed, written + bytes.size());
    hash.update(bytes);
    if (Error error = state->spill->write(range->offset + written, bytes))
      return error;
    written += bytes.size();
    return Error::success();
  };
  if (Error error = produce(sink))
    return error;
  if (written != *needed)
    return wrongSize(name, type, dims, *needed, written);
  return state->insert({makeInfo(hash.key(), type, dims, *needed, name), *range});
}

std::optional<WeightInfo> WeightStore::lookup(StringRef key) const {
  std::lock_guard<std::mutex> lock(state->mutex);
  auto found = state->byKey.find(key);
  if (found == state->byKey.end())
    return std::nullopt;
  return found->second->info;
}

std::vector<std::string> WeightStore::keys() const {
  std::lock_guard<std::mutex> lock(state->mutex);
  std::vector<std::string> keys;
  for (const WeightEntry &entry : state->entries)
    keys.push_back(entry.info.key);
  return keys;
}

Error WeightStore::read(StringRef key, uint64_t offset, MutableArrayRef<uint8_t> bytes) const {
  Expected<const WeightEntry *> entry = state->find(key);
  if (!entry)
    return entry.takeError();
  uint64_t size = (*entry)->info.bytes;
  if (offset > size || bytes.size() > size - offset)
    return llvm::createStringError(std::make_error_code(std::errc::invalid_argument),
                                   "a read beyond the end of weight \"" + key + "\"");
  if (Error error = state->readSource((*entry)->source, offset, bytes))
    return error;
  if (auto *mapped = std::get_if<MappedRange>(&(*entry)->source))
    mapped->file->release(mapped->offset + offset, bytes.size());
  return Error::success();
}

Error WeightStore::forEachWindow(StringRef key,
                                 llvm::function_ref<Error(uint64_t, ArrayRef<uint8_t>)> visit) const {
  Expected<const WeightEntry *> entry = state->find(key);
  if (!entry)
    return entry.takeError();
  return state->visit(**entry, visit);
}
