// A hand-written model through LLVM: what the object, archive and shared library contain.
#include "compiler/Target/CompileModule.h"
#include "compiler/Target/Libraries.h"
#include "test/unit/compiler/Target/TinyModel.h"

#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace pleat;

namespace {

/// The value, or a failed test and an empty one.
template <typename Value>
Value valueOf(llvm::Expected<Value> value) {
  if (value)
    return std::move(*value);
  ADD_FAILURE() << llvm::toString(value.takeError());
  return Value();
}

TargetOptions optionsFor(std::vector<const LevelInfo *> levels) {
  TargetOptions options;
  options.levels = std::move(levels);
  return options;
}

ObjectFile compileTiny(llvm::StringRef name, std::vector<const LevelInfo *> levels = everyLevel()) {
  TinyModel model(levels);
  EXPECT_TRUE(model.module);
  return valueOf(compileModule(*model.module, tinyInterface(name), optionsFor(levels)));
}

std::string bytesOf(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// Names defined for the outside, in the symbol table or the dynamic one.
std::vector<std::string> shownSymbols(llvm::StringRef bytes, bool dynamic) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(bytes, "test"));
  EXPECT_TRUE(bool(file));
  auto *object = llvm::cast<llvm::object::ELFObjectFileBase>(file->get());
  std::vector<std::string> names;
  auto collect = [&](const llvm::object::ELFSymbolRef &symbol) {
    uint32_t flags = llvm::cantFail(symbol.getFlags());
    if ((flags & llvm::object::SymbolRef::SF_Global) && !(flags & llvm::object::SymbolRef::SF_Undefined))
      names.push_back(llvm::cantFail(symbol.getName()).str());
  };
  if (dynamic)
    llvm::for_each(object->getDynamicSymbolIterators(), collect);
  else
    llvm::for_each(object->symbols(), collect);
  llvm::sort(names);
  return names;
}

struct TemporaryFolder {
  llvm::SmallString<64> path;
  TemporaryFolder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-target", path)); }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }
  std::string operator/(llvm::StringRef name) const { return (path + "/" + name).str(); }
};

} // namespace

TEST(CompileModule, shows_the_model_interface_and_nothing_else) {
  ObjectFile object = compileTiny("tiny");
  EXPECT_EQ(shownSymbols({object.bytes.data(), object.bytes.size()}, /*dynamic=*/false), object.exports);
  EXPECT_TRUE(llvm::is_contained(object.exports, "tiny_session_run"));
  EXPECT_TRUE(llvm::is_contained(object.exports, "tiny_describe"));
  for (llvm::StringRef name : object.exports)
    EXPECT_TRUE(name.starts_with("tiny_")) << name.str();
}

TEST(CompileModule, same_input_gives_the_same_bytes) {
  EXPECT_EQ(compileTiny("tiny").bytes, compileTiny("tiny").bytes);
}

TEST(CompileModule, code_bytes_grow_with_levels_and_leave_the_runtime_out) {
  uint64_t one = compileTiny("tiny", lowestLevel()).codeBytes, all = compileTiny("tiny").codeBytes;
  EXPECT_GT(one, 100u);
  EXPECT_LT(one, 1500u); // the runtime alone has more than 10 kB
  EXPECT_GT(all, one);
}

TEST(CompileModule, each_level_uses_its_own_vectors) {
  TinyModel model(everyLevel());
  std::string assembly = valueOf(
      compileToText(*model.module, tinyInterface("tiny"), optionsFor(everyLevel()), TextForm::Assembly));
  auto bodyOf = [&](llvm::StringRef function) {
    llvm::StringRef rest = llvm::StringRef(assembly).split(("\n" + function + ":").str()).second;
    return rest.split("Lfunc_end").first;
  };
  EXPECT_TRUE(bodyOf("scale_v3").contains("%ymm"));
  EXPECT_FALSE(bodyOf("scale_v3").contains("%zmm"));
  EXPECT_TRUE(bodyOf("scale_v4").contains("%zmm"));
  // Nothing in it asks for tiles: one function serves both levels.
  EXPECT_TRUE(bodyOf("scale_v4amx").empty());
  EXPECT_TRUE(llvm::StringRef(assembly)
                  .split("pleat_model_kernels_v4amx:")
                  .second.take_front(80)
                  .contains("scale_v4"));
  EXPECT_FALSE(bodyOf("tiny_session_run").contains("%ymm"));
}

TEST(CompileModule, text_names_no_machine) {
  TinyModel model(everyLevel());
  std::string text =
      valueOf(compileToText(*model.module, tinyInterface("tiny"), optionsFor(everyLevel()), TextForm::LLVM));
  EXPECT_NE(text.find("define internal void @scale_v3("), std::string::npos);
  EXPECT_EQ(text.find("/work"), std::string::npos);
  EXPECT_EQ(text.find("/home"), std::string::npos);
  EXPECT_EQ(text.find("Debian"), std::string::npos);
}

TEST(CompileModule, names_a_symbol_that_no_system_library_defines) {
  std::string text = tinyModule(lowestLevel(), 0);
  text.insert(text.find("  llvm.func @pleat_run"), "  llvm.func @mystery()\n");
  text.insert(text.find("    %five ="), "    llvm.call @mystery() : () -> ()\n");
  mlir::MLIRContext context;
  context.loadDialect<mlir::LLVM::LLVMDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  auto object = compileModule(*module, tinyInterface("tiny"), optionsFor(lowestLevel()));
  ASSERT_FALSE(bool(object));
  EXPECT_EQ(llvm::toString(object.takeError()),
            "the object refers to 'mystery', which no system library defines");
}

TEST(CompileModule, names_a_kernel_that_a_level_lacks) {
  TinyModel model(lowestLevel());
  auto object = compileModule(*model.module, tinyInterface("tiny"), optionsFor(everyLevel()));
  ASSERT_FALSE(bool(object));
  EXPECT_EQ(llvm::toString(object.takeError()), "the compiled module lacks the function 'scale_v4'");
}

TEST(CompileModule, sanitizers_instrument_kernels) {
  TinyModel model(lowestLevel());
  TargetOptions options = optionsFor(lowestLevel());
  for (auto [sanitizer, call] : {std::pair(Sanitizer::Thread, "__tsan_write4"),
                                 std::pair(Sanitizer::Address, "__asan_report_store")}) {
    options.sanitizer = sanitizer;
    std::string text = valueOf(compileToText(*model.module, tinyInterface("tiny"), options, TextForm::LLVM));
    EXPECT_NE(text.find(call), std::string::npos) << call;
  }
}

TEST(Libraries, archive_is_one_member_without_times) {
  ObjectFile object = compileTiny("tiny", lowestLevel());
  TemporaryFolder folder;
  for (llvm::StringRef file : {"a.a", "b.a"})
    ASSERT_FALSE(bool(writeArchive(object, "tiny", folder / file)));
  std::string bytes = bytesOf(folder / "a.a");
  EXPECT_EQ(bytes, bytesOf(folder / "b.a"));
  auto archive = llvm::cantFail(llvm::object::Archive::create(llvm::MemoryBufferRef(bytes, "a.a")));
  llvm::Error error = llvm::Error::success();
  unsigned members = 0;
  for (const llvm::object::Archive::Child &child : archive->children(error)) {
    EXPECT_EQ(llvm::cantFail(child.getName()), "tiny.o");
    ++members;
  }
  EXPECT_FALSE(bool(error));
  EXPECT_EQ(members, 1u);
}

TEST(Libraries, shared_library_shows_the_interface_alone) {
  ObjectFile object = compileTiny("tiny");
  TemporaryFolder folder;
  for (llvm::StringRef file : {"a.so", "b.so"}) {
    llvm::Error error = linkShared(object, "tiny", folder / file);
    ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  }
  std::string bytes = bytesOf(folder / "a.so");
  EXPECT_EQ(bytes, bytesOf(folder / "b.so"));
  EXPECT_EQ(shownSymbols(bytes, /*dynamic=*/true), object.exports);
  EXPECT_EQ(bytes.find(folder.path.str()), std::string::npos);
  EXPECT_NE(bytes.find("libtiny.so"), std::string::npos);
}

TEST(Libraries, a_folder_that_is_not_there_is_a_file_error) {
  ObjectFile object = compileTiny("tiny", lowestLevel());
  llvm::Error archive = writeArchive(object, "tiny", "/nonexistent/libtiny.a");
  EXPECT_TRUE(archive.isA<llvm::FileError>());
  llvm::consumeError(std::move(archive));
  llvm::Error shared = linkShared(object, "tiny", "/nonexistent/libtiny.so");
  EXPECT_TRUE(shared.isA<llvm::FileError>());
  llvm::consumeError(std::move(shared));
}
