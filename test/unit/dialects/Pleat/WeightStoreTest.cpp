// The weight store: content keys, streaming, transposes, spilling and the index file.
#include "dialects/Pleat/Weights/WeightStore.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <thread>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::StringRef;

namespace {

/// A folder that is removed with its content at the end of the test.
struct TemporaryFolder {
  TemporaryFolder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-weights", path)); }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }
  std::string file(StringRef name) const { return (path + "/" + name).str(); }
  llvm::SmallString<128> path;
};

ArrayRef<uint8_t> bytesOf(const std::vector<float> &values) {
  return {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(i) + 0.5f;
  return values;
}

std::vector<float> transpose(const std::vector<float> &values, size_t rows, size_t columns) {
  std::vector<float> result(values.size());
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j)
      result[j * rows + i] = values[i * columns + j];
  return result;
}

void write(StringRef path, StringRef prefix, ArrayRef<uint8_t> bytes) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  ASSERT_FALSE(code);
  stream << prefix;
  stream.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

std::vector<float> contents(const WeightStore &store, StringRef key) {
  std::vector<uint8_t> bytes;
  EXPECT_FALSE(errorToBool(store.forEachWindow(key, [&](uint64_t offset, ArrayRef<uint8_t> window) {
    EXPECT_EQ(offset, bytes.size());
    bytes.insert(bytes.end(), window.begin(), window.end());
    return Error::success();
  })));
  std::vector<float> values(bytes.size() / sizeof(float));
  memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

} // namespace

TEST(WeightStore, EqualTensorsAreOneEntry) {
  WeightStore store;
  std::vector<float> values = ramp(6);
  std::string first = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {2, 3}, "a"));
  std::string second = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {2, 3}, "b"));
  EXPECT_EQ(first, second);
  EXPECT_TRUE(StringRef(first).starts_with("b3:"));
  EXPECT_EQ(store.keys().size(), 1u);
  EXPECT_EQ(store.lookup(first)->names, (std::vector<std::string>{"a", "b"}));
}

TEST(WeightStore, TypeAndShapeArePartOfTheKey) {
  WeightStore store;
  std::vector<float> values = ramp(6);
  std::string f32 = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {2, 3}, "a"));
  std::string other = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {3, 2}, "b"));
  std::string i32 = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::I32, {2, 3}, "c"));
  EXPECT_NE(f32, other);
  EXPECT_NE(f32, i32);
  EXPECT_EQ(store.keys(), (std::vector<std::string>{f32, other, i32}));
}

TEST(WeightStore, MappedSpilledAndStreamedAgree) {
  TemporaryFolder folder;
  constexpr size_t rows = 1237, columns = 911; // 4.5 MB: more than a window and a spilled copy
  std::vector<float> values = ramp(rows * columns);
  write(folder.file("w.bin"), "xyz", bytesOf(values));
  WeightStore mapped, spilled(folder.path), streamed(folder.path);
  auto file = llvm::cantFail(MappedFile::open(folder.file("w.bin")));
  std::string key = llvm::cantFail(mapped.addMapped(file, 3, ElementType::F32, {rows, columns}, "w"));
  EXPECT_EQ(key, llvm::cantFail(spilled.addBytes(bytesOf(values), ElementType::F32, {rows, columns}, "w")));
  auto produce = [&](WeightStore::Sink sink) -> Error {
    for (size_t row = 0; row < rows; ++row)
      if (Error error = sink(bytesOf(values).slice(row * columns * 4, columns * 4)))
        return error;
    return Error::success();
  };
  EXPECT_EQ(key, llvm::cantFail(streamed.addStreamed(ElementType::F32, {rows, columns}, "w", produce)));
  for (const WeightStore *store : {&mapped, &spilled, &streamed}) {
    EXPECT_EQ(contents(*store, key), values);
    float last = 0;
    llvm::MutableArrayRef<uint8_t> bytes(reinterpret_cast<uint8_t *>(&last), 4);
    EXPECT_FALSE(errorToBool(store->read(key, (rows * columns - 1) * 4, bytes)));
    EXPECT_EQ(last, values.back());
    EXPECT_TRUE(errorToBool(store->read(key, (rows * columns - 1) * 4 + 1, bytes)));
  }
}

TEST(WeightStore, FindsTransposes) {
  WeightStore store;
  constexpr size_t rows = 2311, columns = 1901; // more than one block of columns
  std::vector<float> values = ramp(rows * columns);
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {rows, columns}, "w"));
  EXPECT_EQ(llvm::cantFail(store.findTransposeOf(key)), std::nullopt);
  std::vector<float> flipped = transpose(values, rows, columns);
  std::string other =
      llvm::cantFail(store.addBytes(bytesOf(flipped), ElementType::F32, {columns, rows}, "wt"));
  EXPECT_EQ(llvm::cantFail(store.findTransposeOf(key)), other);
  EXPECT_EQ(llvm::cantFail(store.findTransposeOf(other)), key);
}

TEST(WeightStore, NoTransposeForOneChangedElementOrOtherRanks) {
  WeightStore store;
  std::vector<float> values = ramp(6), flipped = transpose(values, 2, 3);
  flipped[5] += 1;
  std::string key = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {2, 3}, ""));
  llvm::cantFail(store.addBytes(bytesOf(flipped), ElementType::F32, {3, 2}, "").takeError());
  EXPECT_EQ(llvm::cantFail(store.findTransposeOf(key)), std::nullopt);
  std::string vector = llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {6}, ""));
  EXPECT_EQ(llvm::cantFail(store.findTransposeOf(vector)), std::nullopt);
  std::string symmetric = llvm::cantFail(store.addBytes(bytesOf({1, 2, 2, 1}), ElementType::F32, {2, 2}, ""));
  EXPECT_EQ(llvm::cantFail(store.findTransposeOf(symmetric)), symmetric);
}

TEST(WeightStore, RefusesSizesThatDoNotFit) {
  WeightStore store;
  std::vector<float> values = ramp(6);
  auto text = [](llvm::Expected<std::string> key) { return toString(key.takeError()); };
  EXPECT_EQ(text(store.addBytes(bytesOf(values), ElementType::F32, {2, 4}, "w")),
            "weight \"w\": 2x4xf32 needs 32 bytes, but got 24");
  EXPECT_EQ(text(store.addBytes({}, ElementType::F32, {int64_t(1) << 40, int64_t(1) << 40}, "w")),
            "weight \"w\": size of 1099511627776x1099511627776xf32 overflows");
  EXPECT_EQ(text(store.addBytes({}, ElementType::F32, {-1}, "w")), "weight \"w\": size of -1xf32 overflows");
  auto tooMuch = [&](WeightStore::Sink sink) { return sink(bytesOf(values)); };
  EXPECT_EQ(text(store.addStreamed(ElementType::F32, {5}, "w", tooMuch)),
            "weight \"w\": 5xf32 needs 20 bytes, but got 24");
  TemporaryFolder folder;
  write(folder.file("w.bin"), "", bytesOf(values));
  auto file = llvm::cantFail(MappedFile::open(folder.file("w.bin")));
  EXPECT_EQ(text(store.addMapped(file, 4, ElementType::F32, {6}, "w")),
            "weight \"w\": 6xf32 needs 24 bytes, but got 20");
  EXPECT_EQ(text(store.addMapped(file, ~uint64_t(0), ElementType::F32, {6}, "w")),
            "weight \"w\": 6xf32 needs 24 bytes, but got 0");
  EXPECT_TRUE(store.keys().empty());
}

TEST(WeightStore, EmptyAndPackedTensors) {
  WeightStore store;
  std::string empty = llvm::cantFail(store.addBytes({}, ElementType::F32, {0, 7}, "e"));
  EXPECT_EQ(store.lookup(empty)->bytes, 0u);
  EXPECT_TRUE(contents(store, empty).empty());
  EXPECT_EQ(storageBytes(ElementType::I4, {3}), 2u);
  EXPECT_EQ(storageBytes(ElementType::F6E2M3FN, {5}), 4u);
  EXPECT_EQ(storageBytes(ElementType::I1, {9}), 9u);
  EXPECT_EQ(storageBytes(ElementType::UI8, {}), 1u);
}

TEST(WeightStore, IndexFileRoundTrip) {
  TemporaryFolder folder;
  std::vector<float> values = ramp(40), large = ramp(40000);
  write(folder.file("w.bin"), "0123456", bytesOf(values));
  std::vector<std::string> keys;
  {
    WeightStore store(folder.path);
    auto file = llvm::cantFail(MappedFile::open(folder.file("w.bin")));
    llvm::cantFail(store.addMapped(file, 7, ElementType::F32, {5, 8}, "mapped").takeError());
    llvm::cantFail(store.addBytes(bytesOf(large), ElementType::F32, {40000}, "spilled").takeError());
    llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {8, 5}, "owned").takeError());
    EXPECT_FALSE(errorToBool(store.save(folder.file("store.json"))));
    keys = store.keys();
  }
  auto store = llvm::cantFail(WeightStore::open(folder.file("store.json"), /*verify=*/true));
  EXPECT_EQ(store->keys(), keys);
  EXPECT_EQ(contents(*store, keys[0]), values);
  EXPECT_EQ(contents(*store, keys[1]), large);
  EXPECT_EQ(store->lookup(keys[2])->names, std::vector<std::string>{"owned"});

  values[3] = -1;
  write(folder.file("w.bin"), "0123456", bytesOf(values));
  EXPECT_TRUE(bool(WeightStore::open(folder.file("store.json"))));
  auto changed = WeightStore::open(folder.file("store.json"), /*verify=*/true);
  EXPECT_NE(toString(changed.takeError()).find("has other bytes than its key says"), std::string::npos);
  write(folder.file("w.bin"), "", {});
  auto truncated = WeightStore::open(folder.file("store.json"));
  EXPECT_NE(toString(truncated.takeError()).find("lies beyond the end"), std::string::npos);
}

TEST(WeightStore, MalformedIndexIsAnError) {
  TemporaryFolder folder;
  for (StringRef text : {"", "{", "[]", "{\"format\": \"pleat-weights\", \"version\": 2, \"entries\": []}",
                         "{\"format\": \"pleat-weights\", \"version\": 1}",
                         "{\"format\": \"pleat-weights\", \"version\": 1, \"entries\": [{\"key\": 1}]}"}) {
    write(folder.file("store.json"), text, {});
    EXPECT_TRUE(errorToBool(WeightStore::open(folder.file("store.json")).takeError())) << text.str();
  }
  EXPECT_TRUE(errorToBool(WeightStore::open(folder.file("absent.json")).takeError()));
}

TEST(WeightStore, ThreadsAddAndRead) {
  WeightStore store;
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (unsigned i = 0; i < 50; ++i) {
        std::vector<float> values = ramp(20000 + i); // beyond what is kept in memory
        std::string name = std::to_string(thread) + "." + std::to_string(i);
        std::string key =
            llvm::cantFail(store.addBytes(bytesOf(values), ElementType::F32, {int64_t(values.size())}, name));
        EXPECT_EQ(contents(store, key), values);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(store.keys().size(), 50u);
}
