// Names, manifest and the all-or-nothing writing of an artefact.
#include "compiler/Artifact/ArtifactWriter.h"
#include "compiler/Artifact/HeaderFile.h"
#include "compiler/Artifact/Manifest.h"
#include "compiler/Artifact/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace pleat;

static std::string contentOf(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "<no file>";
}

TEST(ModelInterface, names_that_prefix_symbols) {
  for (llvm::StringRef name : {"tiny", "bert_base", "m2", "mm"})
    EXPECT_FALSE(bool(checkModelName(name))) << name.str();
  auto message = [](llvm::StringRef name) { return llvm::toString(checkModelName(name)); };
  std::string expects = "expects NAME to be a lower-case C identifier, but got ";
  EXPECT_EQ(message("Tiny"), expects + "'Tiny'");
  EXPECT_EQ(message("2x"), expects + "'2x'");
  EXPECT_EQ(message(""), expects + "''");
  EXPECT_EQ(message("_x"), expects + "'_x'");
  EXPECT_EQ(message("int"), expects + "'int', a keyword of C or C++");
  EXPECT_EQ(message("pthread"), expects + "'pthread', the name of a system library");
  EXPECT_EQ(message("pleat_x"), expects + "'pleat_x', a prefix of the types that models share");
}

TEST(ModelInterface, c_names_follow_one_rule) {
  ModelInterface interface;
  for (llvm::StringRef name : {"input.1", "33", "class", "", "input_1", "x"})
    interface.inputs.push_back({name.str()});
  interface.outputs = {{"x"}};
  interface.dims = {{"batch size"}, {"x"}};
  assignCNames(interface);
  std::vector<std::string> names;
  for (const TensorSpec &input : interface.inputs)
    names.push_back(input.cName);
  EXPECT_EQ(names, (std::vector<std::string>{"input_1", "t33", "class_", "t", "input_1_2", "x"}));
  EXPECT_EQ(interface.outputs[0].cName, "x_2");
  EXPECT_EQ(interface.dims[0].cName, "batch_size");
  EXPECT_EQ(interface.dims[1].cName, "x");
}

TEST(ModelInterface, states_are_not_named_like_functions_of_states) {
  ModelInterface interface;
  for (llvm::StringRef name : {"count", "get", "key", "shape"})
    interface.states.emplace_back().tensor.name = name.str();
  assignCNames(interface);
  std::vector<std::string> names;
  for (const StateSpec &state : interface.states)
    names.push_back(state.tensor.cName);
  EXPECT_EQ(names, (std::vector<std::string>{"count_", "get_", "key", "shape_"}));
}

TEST(HeaderFile, names_cannot_leave_a_comment) {
  EXPECT_EQ(commentText("a */ int x; /* b"), "a * / int x; / * b");
  EXPECT_EQ(commentText("a\nb\\"), "a_b_");
  EXPECT_EQ(commentText("?"
                        "?/"),
            "__/");
}

TEST(Manifest, has_its_keys_in_order_and_nulls_for_what_is_open) {
  ModelInterface interface;
  interface.name = "tiny";
  interface.inputs = {
      {"x", "", PLEAT_F32, {{PLEAT_AXIS_DIM, 0}, {PLEAT_AXIS_STATIC, 3}, {PLEAT_AXIS_EXPR, 0}}}};
  interface.dims = {{"batch", "", 1, 0, 1}};
  interface.sizeExprs = {"batch + 1"};
  interface.hostDims = 1;
  assignCNames(interface);
  Manifest manifest;
  manifest.weightsBytes = 100;
  LedgerRow pack, prune;
  pack.pass = "pack";
  pack.bytesAfter = 100;
  prune.pass = "prune";
  prune.bytesAfter = 7;
  prune.weightError = 0.5;
  manifest.ledger = {prune, pack};
  std::string text = manifestText(interface, manifest);
  llvm::json::Value value = llvm::cantFail(llvm::json::parse(text));
  llvm::json::Object &object = *value.getAsObject();
  size_t before = 0;
  for (llvm::StringRef key :
       {"name", "compiler", "levels", "inputs", "outputs", "states", "dims", "code_bytes", "weights_bytes",
        "arena_bytes", "files", "ledger", "certificate", "hashes"}) {
    EXPECT_TRUE(object.get(key)) << key.str();
    size_t position = text.find(("\n  \"" + key + "\"").str());
    EXPECT_LT(before, position) << key.str();
    before = position;
  }
  EXPECT_EQ(*object.get("arena_bytes"), llvm::json::Value(nullptr));
  llvm::json::Object &input = *object.getArray("inputs")->front().getAsObject();
  EXPECT_EQ(*input.get("shape"), llvm::json::Value(llvm::json::Array{"batch", 3, "batch + 1"}));
  EXPECT_EQ(*object.getArray("dims")->front().getAsObject()->get("upper"), llvm::json::Value(nullptr));
  llvm::json::Object &row = *object.getArray("ledger")->front().getAsObject();
  EXPECT_EQ(*row.get("weight_error"), llvm::json::Value(0.5));
  EXPECT_EQ(*row.get("output_error"), llvm::json::Value(nullptr));
}

namespace {
struct ArtifactFolder : testing::Test {
  llvm::SmallString<64> root;
  ArtifactFolder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-artifact", root)); }
  ~ArtifactFolder() override { llvm::sys::fs::remove_directories(root); }

  std::string operator/(llvm::StringRef name) const { return (root + "/" + name).str(); }

  std::vector<std::string> list(llvm::StringRef folder) {
    std::vector<std::string> names;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
      names.push_back(it->path());
    return names;
  }
};
using ArtifactWriterTest = ArtifactFolder;
} // namespace

TEST_F(ArtifactWriterTest, files_appear_together) {
  {
    auto writer = llvm::cantFail(ArtifactWriter::create(*this / "a/b"));
    llvm::cantFail(writeFile(writer->path("one"), "1"));
    llvm::cantFail(writeFile(writer->path("two"), "2"));
    llvm::cantFail(writeFile(writer->scratchPath("notes"), "3"));
    EXPECT_EQ(contentOf(*this / "a/b/one"), "<no file>");
    llvm::cantFail(writer->commit());
  }
  EXPECT_EQ(contentOf(*this / "a/b/one"), "1");
  EXPECT_EQ(contentOf(*this / "a/b/two"), "2");
  EXPECT_EQ(list(*this / "a/b").size(), 2u);
}

TEST_F(ArtifactWriterTest, folders_it_made_go_when_nothing_is_committed) {
  {
    auto writer = llvm::cantFail(ArtifactWriter::create(*this / "a/b"));
    llvm::cantFail(writeFile(writer->path("one"), "1"));
  }
  EXPECT_FALSE(llvm::sys::fs::exists(*this / "a"));
  llvm::sys::fs::create_directory(*this / "mine");
  {
    auto writer = llvm::cantFail(ArtifactWriter::create(*this / "mine"));
  }
  EXPECT_TRUE(llvm::sys::fs::exists(*this / "mine"));
}

TEST_F(ArtifactWriterTest, a_failed_commit_brings_earlier_outputs_back) {
  llvm::cantFail(writeFile(*this / "one", "old"));
  llvm::sys::fs::create_directory(*this / "two"); // in the way
  {
    auto writer = llvm::cantFail(ArtifactWriter::create(root));
    llvm::cantFail(writeFile(writer->path("zero"), "new"));
    llvm::cantFail(writeFile(writer->path("one"), "new"));
    llvm::cantFail(writeFile(writer->path("two"), "new"));
    llvm::Error error = writer->commit();
    ASSERT_TRUE(error.isA<llvm::FileError>());
    EXPECT_EQ(llvm::toString(std::move(error)), "'" + (*this / "two") + "': Is a directory");
  }
  EXPECT_EQ(contentOf(*this / "one"), "old");
  EXPECT_FALSE(llvm::sys::fs::exists(*this / "zero"));
  EXPECT_EQ(list(root).size(), 2u);
}

TEST_F(ArtifactWriterTest, a_file_in_the_way_of_the_folder_is_named) {
  llvm::cantFail(writeFile(*this / "file", ""));
  llvm::Error error = ArtifactWriter::create(*this / "file/out").takeError();
  EXPECT_TRUE(error.isA<llvm::FileError>());
  std::string text = llvm::toString(std::move(error));
  EXPECT_NE(text.find("'" + (*this / "file")), std::string::npos) << text;
}
