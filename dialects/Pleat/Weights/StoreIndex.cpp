// The file form of a store: a JSON index that names files and offsets, and one data file
// for entries that lie in no file of their own.
#include "dialects/Pleat/Weights/StoreState.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace json = llvm::json;
namespace path = llvm::sys::path;

namespace {

constexpr const char *format = "pleat-weights";
constexpr int64_t version = 1;

Error invalidIndex(StringRef file, const llvm::Twine &what) {
  return llvm::createStringError(std::make_error_code(std::errc::invalid_argument),
                                 "weight index '" + file + "': " + what);
}

/// One entry of the index, with types checked and nothing else.
struct IndexRow {
  std::string key, type, file;
  std::vector<int64_t> dims;
  std::vector<std::string> names;
  int64_t offset = 0;
};

bool fromJSON(const json::Value &value, IndexRow &row, json::Path where) {
  json::ObjectMapper map(value, where);
  return map && map.map("key", row.key) && map.map("type", row.type) && map.map("dims", row.dims) &&
         map.map("names", row.names) && map.map("file", row.file) && map.map("offset", row.offset);
}

} // namespace

Error WeightStore::save(StringRef file) const {
  std::vector<std::string> order = keys();
  std::string dataName = (path::filename(file) + ".data").str();
  std::unique_ptr<llvm::raw_fd_ostream> data;
  json::Array rows;
  for (const std::string &key : order) {
    const WeightEntry &entry = **state->find(key);
    WeightInfo info = *lookup(key);
    std::string source = dataName;
    uint64_t offset = 0;
    if (auto *mapped = std::get_if<MappedRange>(&entry.source)) {
      source = mapped->file->path().str();
      // A relative path would be read as relative to the index.
      if (path::is_relative(source)) {
        llvm::SmallString<128> absolute;
        if (std::error_code code = llvm::sys::fs::real_path(source, absolute))
          return llvm::createStringError(code, "cannot resolve '" + source + "': " + code.message());
        source = absolute.str().str();
      }
      offset = mapped->offset;
    } else {
      std::error_code code;
      if (!data)
        data = std::make_unique<llvm::raw_fd_ostream>((file + ".data").str(), code);
      if (code)
        return llvm::createStringError(code, "cannot write '" + file + ".data': " + code.message());
      offset = data->tell();
      if (Error error = state->visit(entry, [&](uint64_t, ArrayRef<uint8_t> window) {
            data->write(reinterpret_cast<const char *>(window.data()), window.size());
            return Error::success();
          }))
        return error;
    }
    rows.push_back(json::Object{{"key", info.key},
                                {"type", elementTypeName(info.type)},
                                {"dims", json::Array(info.dims)},
                                {"names", json::Array(info.names)},
                                {"file", source},
                                {"offset", static_cast<int64_t>(offset)}});
  }
  std::error_code code;
  llvm::raw_fd_ostream index(file, code);
  if (!code)
    index << llvm::formatv(
        "{0:2}\n",
        json::Value(json::Object{{"format", format}, {"version", version}, {"entries", std::move(rows)}}));
  for (llvm::raw_fd_ostream *stream : {data.get(), &index}) {
    if (!stream)
      continue;
    stream->close();
    if (!code && stream->has_error())
      code = stream->error();
    stream->clear_error();
  }
  if (code)
    return llvm::createStringError(code, "cannot write '" + file + "': " + code.message());
  return Error::success();
}

Expected<std::unique_ptr<WeightStore>> WeightStore::open(StringRef file, bool verify) {
  auto text = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!text)
    return llvm::createStringError(text.getError(),
                                   "cannot open '" + file + "': " + text.getError().message());
  Expected<json::Value> index = json::parse((*text)->getBuffer());
  if (!index)
    return invalidIndex(file, llvm::toString(index.takeError()));
  const json::Object *root = index->getAsObject();
  if (!root || root->getString("format") != StringRef(format) || root->getInteger("version") != version)
    return invalidIndex(file, "expects format \"pleat-weights\" of version 1");
  std::vector<IndexRow> rows;
  json::Path::Root where("entries");
  if (!root->get("entries") || !json::fromJSON(*root->get("entries"), rows, where))
    return invalidIndex(file, llvm::toString(where.getError()));

  auto store = std::make_unique<WeightStore>();
  llvm::StringMap<std::shared_ptr<MappedFile>> files;
  for (const IndexRow &row : rows) {
    std::optional<ElementType> type = parseElementType(row.type);
    std::optional<uint64_t> bytes = type ? storageBytes(*type, row.dims) : std::nullopt;
    if (!bytes)
      return invalidIndex(file, "entry \"" + row.key + "\" has no valid type and shape");
    llvm::SmallString<128> source(path::parent_path(file));
    if (path::is_absolute(row.file))
      source = row.file;
    else
      path::append(source, row.file);
    std::shared_ptr<MappedFile> &mapped = files[source];
    if (!mapped) {
      auto opened = MappedFile::open(source);
      if (!opened)
        return opened.takeError();
      mapped = std::move(*opened);
    }
    uint64_t size = mapped->bytes().size(), offset = row.offset;
    if (row.offset < 0 || offset > size || *bytes > size - offset)
      return invalidIndex(file, "entry \"" + row.key + "\" lies beyond the end of '" + source.str() + "'");
    WeightEntry entry{{row.key, *type, {row.dims.begin(), row.dims.end()}, *bytes, row.names},
                      MappedRange{mapped, offset}};
    if (verify) {
      ContentHash hash(*type, row.dims);
      llvm::cantFail(store->state->visit(entry, [&](uint64_t, ArrayRef<uint8_t> window) {
        hash.update(window);
        return Error::success();
      }));
      if (hash.key() != row.key)
        return invalidIndex(file, "entry \"" + row.key + "\" has other bytes than its key says");
    }
    store->state->insert(std::move(entry));
  }
  return store;
}
