// The weights file byte by byte, as the runtime will read it.
#include "compiler/Artifact/WeightsFile.h"
#include "compiler/Artifact/Crc32c.h"
#include "compiler/Artifact/Ledger.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace pleat;

namespace {

struct Fixture : testing::Test {
  WeightStore store;
  std::string matrix, vector;
  llvm::SmallString<64> folder;

  Fixture() {
    std::vector<float> values(3 * 20);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = float(i);
    llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<uint8_t *>(values.data()), values.size() * 4);
    matrix = llvm::cantFail(store.addBytes(bytes, ElementType::F32, {3, 20}, "fc.weight"));
    vector = llvm::cantFail(store.addBytes(bytes.take_front(20), ElementType::F32, {5}, "fc.bias"));
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-weights", folder));
  }
  ~Fixture() override { llvm::sys::fs::remove_directories(folder); }

  std::string write(const WeightsPlan &plan, WrittenWeights *written = nullptr) {
    std::string path = (folder + "/w").str();
    auto result = plan.write(path);
    EXPECT_TRUE(bool(result)) << llvm::toString(result.takeError());
    if (result && written)
      *written = *result;
    return (*llvm::MemoryBuffer::getFile(path))->getBuffer().str();
  }
};
using WeightsFile = Fixture;

} // namespace

TEST(Crc32c, matches_the_published_check_value) {
  EXPECT_EQ(crc32c(llvm::arrayRefFromStringRef("123456789")), 0xe3069283u);
}

TEST_F(WeightsFile, offsets_come_before_writing_and_hold) {
  WeightsPlan plan(store);
  unsigned panels = llvm::cantFail(plan.add(matrix, WeightLayout::Panel16, false));
  unsigned bias = llvm::cantFail(plan.add(vector, WeightLayout::RowMajor, false));
  EXPECT_EQ(plan.offset(panels), 256u); // 80 of header and 2 * 64 of table, aligned
  EXPECT_EQ(plan.offset(bias), 256u + 2 * 3 * 16 * 4);
  EXPECT_EQ(plan.fileBytes(), plan.offset(bias) + 64 + 64);
  WrittenWeights written;
  std::string bytes = write(plan, &written);
  EXPECT_EQ(bytes.size(), plan.fileBytes());
  EXPECT_EQ(written.bytes, plan.fileBytes());

  pleat_weights_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(std::string(header.magic, 8), PLEAT_WEIGHTS_MAGIC);
  EXPECT_EQ(header.file_bytes, bytes.size());
  EXPECT_EQ(header.entry_count, 2u);
  auto table = llvm::arrayRefFromStringRef(bytes).slice(header.table_offset, 2 * sizeof(pleat_weights_entry));
  EXPECT_EQ(header.table_check, crc32c(table));
  EXPECT_EQ(llvm::ArrayRef<uint8_t>(header.build_id), llvm::ArrayRef<uint8_t>(llvm::BLAKE3::hash<32>(table)));
  EXPECT_EQ(llvm::ArrayRef<uint8_t>(header.build_id), llvm::ArrayRef<uint8_t>(written.buildId));

  pleat_weights_entry entry;
  std::memcpy(&entry, table.data() + sizeof entry, sizeof entry);
  EXPECT_EQ(entry.offset, plan.offset(bias));
  EXPECT_EQ(entry.bytes, 20u);
  EXPECT_EQ(entry.type, uint32_t(PLEAT_F32));
  auto content = llvm::arrayRefFromStringRef(bytes).slice(entry.offset, entry.bytes);
  EXPECT_EQ(llvm::ArrayRef<uint8_t>(entry.content_hash),
            llvm::ArrayRef<uint8_t>(llvm::BLAKE3::hash<32>(content)));
}

TEST_F(WeightsFile, equal_entries_are_stored_once) {
  WeightsPlan plan(store);
  unsigned first = llvm::cantFail(plan.add(matrix, WeightLayout::Panel16, false));
  EXPECT_EQ(llvm::cantFail(plan.add(matrix, WeightLayout::Panel16, false)), first);
  EXPECT_NE(llvm::cantFail(plan.add(matrix, WeightLayout::RowMajor, false)), first);
  EXPECT_NE(llvm::cantFail(plan.add(matrix, WeightLayout::Panel16, true)), first);
  EXPECT_EQ(plan.size(), 3u);
}

TEST_F(WeightsFile, two_writes_give_the_same_bytes) {
  WeightsPlan plan(store);
  llvm::cantFail(plan.add(matrix, WeightLayout::Panel16, true).takeError());
  llvm::cantFail(plan.add(vector, WeightLayout::RowMajor, false).takeError());
  EXPECT_EQ(write(plan), write(plan));
}

TEST_F(WeightsFile, ledger_rows_sum_up_to_the_file) {
  WeightsPlan plan(store);
  EXPECT_TRUE(packRows(plan, {}).empty());
  llvm::cantFail(plan.add(matrix, WeightLayout::Panel16, false).takeError());
  llvm::cantFail(plan.add(vector, WeightLayout::RowMajor, false).takeError());
  llvm::cantFail(plan.add(matrix, WeightLayout::AmxBf16, false).takeError());
  llvm::cantFail(plan.add(matrix, WeightLayout::AmxBf16x3, false).takeError());
  uint64_t sum = 0;
  WrittenWeights written = llvm::cantFail(plan.write((folder + "/rows").str()));
  std::vector<LedgerRow> rows = packRows(plan, written);
  for (const LedgerRow &row : rows)
    sum += row.bytesAfter;
  EXPECT_EQ(sum, write(plan).size());
  EXPECT_EQ(rows.front().weight, "fc.weight");
  EXPECT_EQ(rows.front().kind, LedgerClass::Exact);
  EXPECT_EQ(rows.front().weightError, std::nullopt);
  EXPECT_EQ(rows[2].kind, LedgerClass::Lossy);
  EXPECT_TRUE(rows[2].weightError.has_value());
  EXPECT_EQ(rows[3].kind, LedgerClass::Reassociating);
  EXPECT_EQ(rows[3].weightError, 0);
}

TEST_F(WeightsFile, no_weights_no_file) {
  WeightsPlan plan(store);
  EXPECT_EQ(plan.fileBytes(), 0u);
  std::string path = (folder + "/none").str();
  EXPECT_EQ(llvm::cantFail(plan.write(path)).bytes, 0u);
  EXPECT_FALSE(llvm::sys::fs::exists(path));
}

TEST_F(WeightsFile, errors_name_the_weight_or_the_file) {
  WeightsPlan plan(store);
  EXPECT_EQ(llvm::toString(plan.add("b3:00", WeightLayout::RowMajor, false).takeError()),
            "the weight store has no entry 'b3:00'");
  EXPECT_EQ(llvm::toString(plan.add(vector, WeightLayout::Panel16, false).takeError()),
            "weight \"fc.bias\": layout panel16 expects a matrix, but got rank 1");
  llvm::cantFail(plan.add(vector, WeightLayout::RowMajor, false).takeError());
  llvm::Error error = plan.write("/nonexistent/w").takeError();
  EXPECT_TRUE(error.isA<llvm::FileError>());
  EXPECT_EQ(llvm::toString(std::move(error)), "'/nonexistent/w': No such file or directory");
  if (llvm::sys::fs::exists("/dev/full")) {
    llvm::Error full = plan.write("/dev/full").takeError();
    EXPECT_TRUE(full.isA<llvm::FileError>());
    llvm::consumeError(std::move(full));
  }
}
