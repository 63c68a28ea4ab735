// Imports every model of the corpus: real ones must become IR that verifies, broken ones
// must give an error and nothing worse.
#include "compiler/Import/ONNX/ONNXImport.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace pleat;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

namespace {

/// The outcome of one import, in a context and store of its own.
struct Outcome {
  ImportStatus status;
  bool hasModule;
  std::string diagnostics;
};

Outcome import(StringRef path) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  WeightStore store;
  Outcome outcome{ImportStatus::Done, false, ""};
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    outcome.diagnostics += diagnostic.str() + "\n";
    return mlir::success();
  });
  ImportResult result = importModel(path, context, store);
  outcome.status = result.status;
  outcome.hasModule = static_cast<bool>(result.module);
  return outcome;
}

/// All files below a folder of the corpus that end so, in order of their names.
std::vector<std::string> filesBelow(StringRef folder, StringRef ending) {
  std::vector<std::string> files;
  std::error_code code;
  for (fs::recursive_directory_iterator it(StringRef(PLEAT_CORPUS) + "/" + folder, code), end;
       it != end && !code; it.increment(code))
    if (StringRef(it->path()).ends_with(ending))
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

class Corpus : public testing::TestWithParam<const char *> {};

} // namespace

TEST_P(Corpus, ModelsImport) {
  std::vector<std::string> files = filesBelow(GetParam(), ".onnx");
  if (files.empty())
    GTEST_SKIP() << "no models in " PLEAT_CORPUS "/" << GetParam();
  for (const std::string &file : files) {
    Outcome outcome = import(file);
    EXPECT_EQ(outcome.status, ImportStatus::Done) << file << "\n" << outcome.diagnostics;
    EXPECT_TRUE(outcome.hasModule) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, Corpus,
                         testing::Values("real", "exports", "importer", "onnx-backend/light",
                                         "onnx-backend/simple", "onnx-backend/pytorch-operator",
                                         "onnx-backend/pytorch-converted", "onnx-backend/node"));

TEST(Corpus, MalformedModelsAreErrors) {
  std::vector<std::string> files = filesBelow("malformed", ".onnx");
  if (files.empty())
    GTEST_SKIP() << "no models in " PLEAT_CORPUS "/malformed";
  for (const std::string &file : files) {
    Outcome outcome = import(file);
    EXPECT_EQ(outcome.status, ImportStatus::InvalidInput) << file;
    EXPECT_FALSE(outcome.hasModule) << file;
    EXPECT_FALSE(outcome.diagnostics.empty()) << file;
  }
}

TEST(Corpus, AbsentExternalDataNamesTheTensor) {
  std::vector<std::string> files = filesBelow("perf", "model.onnx");
  if (files.empty())
    GTEST_SKIP() << "no models in " PLEAT_CORPUS "/perf";
  for (const std::string &file : files) {
    Outcome outcome = import(file);
    EXPECT_EQ(outcome.status, ImportStatus::FileAccess) << file << "\n" << outcome.diagnostics;
    EXPECT_NE(outcome.diagnostics.find("tensor \""), std::string::npos) << outcome.diagnostics;
  }
}

TEST(Corpus, TruncatedAndDamagedFilesDoNotCrash) {
  std::vector<std::string> files = filesBelow("real/mnist_cntk", "model.onnx");
  for (std::string &file : filesBelow("exports/script_loop__ts17", "model.onnx"))
    files.push_back(std::move(file));
  if (files.empty())
    GTEST_SKIP() << "no models in " PLEAT_CORPUS;
  llvm::SmallString<128> path;
  ASSERT_FALSE(fs::createTemporaryFile("pleat", "onnx", path));
  for (const std::string &file : files) {
    auto buffer = llvm::MemoryBuffer::getFile(file);
    ASSERT_TRUE(bool(buffer));
    StringRef bytes = (*buffer)->getBuffer();
    auto importText = [&](StringRef text) {
      std::error_code code;
      llvm::raw_fd_ostream(path, code) << text;
      return import(path);
    };
    for (size_t point = 0; point < 200; ++point) {
      Outcome outcome = importText(bytes.take_front(bytes.size() * point / 200));
      EXPECT_NE(outcome.status, ImportStatus::Done) << file << " cut at " << point << "/200";
    }
    uint32_t seed = 1;
    for (size_t round = 0; round < 400; ++round) {
      std::string damaged = bytes.str();
      for (int change = 0; change < 3; ++change) {
        seed = seed * 1664525u + 1013904223u;
        damaged[seed % damaged.size()] ^= static_cast<char>(1 + (seed >> 24) % 255);
      }
      importText(damaged); // any outcome, as long as there is one
    }
  }
  fs::remove(path);
}
