// A whole artefact as a user has it: files on disk, a C compiler, a program that runs.
#include "compiler/Artifact/CMakePackage.h"
#include "compiler/Artifact/HeaderFile.h"
#include "compiler/Artifact/OutputFile.h"
#include "compiler/Artifact/WeightsFile.h"
#include "compiler/Target/CompileModule.h"
#include "compiler/Target/Libraries.h"
#include "test/unit/compiler/Target/TinyModel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

using namespace pleat;

namespace {

struct ArtifactRun : testing::Test {
  llvm::SmallString<64> folder;
  WeightStore store;
  std::string weight;

  ArtifactRun() {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-run", folder));
    const float scale = 2.5f;
    llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(&scale), sizeof scale);
    weight = llvm::cantFail(store.addBytes(bytes, ElementType::F32, {1}, "scale"));
  }
  ~ArtifactRun() override { llvm::sys::fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) const { return (folder + "/" + name).str(); }

  /// Writes header, weights and both libraries of the tiny model under `name`.
  void writeModel(llvm::StringRef name, bool embed, Sanitizer sanitizer = Sanitizer::None) {
    WeightsPlan plan(store);
    unsigned entry = llvm::cantFail(plan.add(weight, WeightLayout::RowMajor, false));
    std::string weights = path((name + ".weights").str());
    WrittenWeights written = llvm::cantFail(plan.write(weights));
    auto image = llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(weights)));

    ModelInterface interface = tinyInterface(name);
    TinyModel model(everyLevel(), plan.offset(entry));
    TargetOptions options;
    options.levels = everyLevel();
    options.sanitizer = sanitizer;
    options.weights = {written.buildId, written.bytes, {}};
    if (embed)
      options.weights.embedded = llvm::arrayRefFromStringRef(image->getBuffer());
    auto compiled = compileModule(*model.module, interface, options);
    ASSERT_TRUE(bool(compiled)) << llvm::toString(compiled.takeError());
    ObjectFile object = std::move(*compiled);
    llvm::cantFail(writeArchive(object, name, path(("lib" + name + ".a").str())));
    if (sanitizer == Sanitizer::None) // a sanitizer's functions come with the program
      llvm::cantFail(linkShared(object, name, path(("lib" + name + ".so").str())));
    llvm::cantFail(
        writeFile(path((name + ".h").str()), headerText(interface, embed, (name + ".weights").str())));
    llvm::cantFail(writeFile(path((name + "Config.cmake").str()),
                             cmakePackageText(name, embed ? "" : (name + ".weights").str())));
    if (embed)
      llvm::sys::fs::remove(weights);
  }

  /// Runs a program in the folder; a failure shows what it printed.
  void run(std::vector<std::string> command) {
    std::string log = path("log");
    std::vector<llvm::StringRef> arguments(command.begin(), command.end());
    std::string program =
        llvm::StringRef(command[0]).contains('/')
            ? command[0]
            : llvm::cantFail(llvm::errorOrToExpected(llvm::sys::findProgramByName(command[0])));
    std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log),
                                                  llvm::StringRef(log)};
    int code = llvm::sys::ExecuteAndWait(program, arguments, std::nullopt, redirects);
    auto output = llvm::MemoryBuffer::getFile(log);
    EXPECT_EQ(code, 0) << llvm::join(command, " ") << "\n" << (output ? (*output)->getBuffer().str() : "");
  }

  /// The example at the top of a header, without the comment's marks.
  std::string exampleOf(llvm::StringRef header) {
    auto buffer = llvm::MemoryBuffer::getFile(path(header));
    llvm::StringRef comment = (*buffer)->getBuffer().split("*/").first;
    std::string program;
    llvm::SmallVector<llvm::StringRef> lines;
    comment.split(lines, "\n");
    for (llvm::StringRef line : llvm::ArrayRef(lines).drop_front(2))
      program += (line.drop_front(std::min<size_t>(5, line.size())) + "\n").str();
    return program;
  }
};

const char *const hostProgram = PLEAT_SOURCE_DIR "/test/unit/compiler/Artifact/host.c";

} // namespace

TEST_F(ArtifactRun, two_models_in_one_program_in_c_and_in_cpp) {
  writeModel("one", /*embed=*/false);
  writeModel("two", /*embed=*/true);
  for (std::vector<std::string> compiler : {std::vector<std::string>{"cc", "-std=c99", "-pedantic"},
                                            {"c++", "-x", "c++", "-std=c++17", "-pedantic"}}) {
    std::string program = path("static"), shared = path("shared");
    llvm::append_range(compiler, std::vector<std::string>{"-Wall", "-Wextra", "-Werror", "-I",
                                                          folder.str().str(), hostProgram, "-x", "none"});
    std::vector<std::string> command = compiler;
    llvm::append_range(command, std::vector<std::string>{path("libone.a"), path("libtwo.a"), "-lm",
                                                         "-lpthread", "-o", program});
    run(command);
    run({program, path("one.weights")});
    command = compiler;
    llvm::append_range(command, std::vector<std::string>{"-L" + folder.str().str(), "-lone", "-ltwo",
                                                         "-Wl,-rpath," + folder.str().str(), "-o", shared});
    run(command);
    run({shared, path("one.weights")});
  }
}

TEST_F(ArtifactRun, the_example_in_the_header_compiles_and_runs) {
  writeModel("two", /*embed=*/true);
  llvm::cantFail(writeFile(path("example.c"), exampleOf("two.h")));
  run({"cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-I", folder.str().str(), path("example.c"),
       path("libtwo.a"), "-lm", "-lpthread", "-o", path("example")});
  run({path("example")});
}

TEST_F(ArtifactRun, sanitizers_run_the_model) {
  for (auto [sanitizer, flag] : {std::pair(Sanitizer::Address, "-fsanitize=address"),
                                 std::pair(Sanitizer::Thread, "-fsanitize=thread")}) {
    writeModel("two", /*embed=*/true, sanitizer);
    llvm::cantFail(writeFile(path("example.c"), exampleOf("two.h")));
    run({PLEAT_C_COMPILER, flag, "-I", folder.str().str(), path("example.c"), path("libtwo.a"), "-lm",
         "-lpthread", "-o", path("example")});
    run({path("example")});
  }
}

TEST_F(ArtifactRun, hostile_names_leave_the_header_valid) {
  ModelInterface interface = tinyInterface("odd");
  interface.inputs[0].name = "*/ #error /* \\\n";
  interface.inputs.push_back({"?"
                              "?/",
                              "",
                              PLEAT_BF16,
                              {{PLEAT_AXIS_STATIC, 3}, {PLEAT_AXIS_EXPR, 0}}});
  interface.outputs.clear();
  interface.sizeExprs = {"n + 1"};
  interface.states.push_back({{"past", "", PLEAT_F32, {{PLEAT_AXIS_STATIC, 2}, {PLEAT_AXIS_DIM, 1}}},
                              PLEAT_STATE_APPENDED,
                              1,
                              {PLEAT_AXIS_EXPR, 0}});
  interface.dims.push_back({"past_length", "", 0, 64, 1});
  assignCNames(interface);
  llvm::cantFail(writeFile(path("odd.h"), headerText(interface, false, "odd.weights")));
  llvm::cantFail(writeFile(path("use.c"), "#include \"odd.h\"\nint main(void) { return odd_state_past; }\n"));
  for (std::vector<std::string> compiler :
       {std::vector<std::string>{"cc", "-std=c99"}, {"c++", "-x", "c++"}}) {
    llvm::append_range(compiler, std::vector<std::string>{"-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                                                          "-I", folder.str().str(), path("use.c")});
    run(compiler);
  }
}

TEST_F(ArtifactRun, cmake_finds_the_package) {
  if (!llvm::sys::findProgramByName("cmake"))
    GTEST_SKIP() << "no cmake";
  writeModel("two", /*embed=*/true);
  llvm::cantFail(writeFile(path("example.c"), exampleOf("two.h")));
  llvm::cantFail(writeFile(path("CMakeLists.txt"),
                           "cmake_minimum_required(VERSION 3.16)\nproject(app C)\n"
                           "find_package(two CONFIG REQUIRED PATHS ${CMAKE_SOURCE_DIR})\n"
                           "foreach(kind two::two two::two_static)\n"
                           "  string(MAKE_C_IDENTIFIER app_${kind} app)\n"
                           "  add_executable(${app} example.c)\n"
                           "  target_link_libraries(${app} PRIVATE ${kind})\n"
                           "endforeach()\n"));
  run({"cmake", "-S", folder.str().str(), "-B", path("build")});
  run({"cmake", "--build", path("build")});
  run({path("build/app_two__two")});
  run({path("build/app_two__two_static")});
}
