/// Imports models written in ONNX's notation, for tests.
#pragma once

#include "compiler/Import/ONNX/ONNXImport.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "onnx/defs/parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

namespace pleat {

/// A folder with a model.onnx that is removed after the test, and the outcome of its import.
class ImportFixture : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-import", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  ::onnx::ModelProto parse(const char *text) {
    ::onnx::ModelProto model;
    auto status = ::onnx::OnnxParser::Parse(model, text);
    EXPECT_TRUE(status.IsOK()) << status.ErrorMessage();
    return model;
  }

  std::string file(llvm::StringRef name) { return (folder + "/" + name).str(); }

  void write(llvm::StringRef name, llvm::StringRef content) {
    std::error_code code;
    llvm::raw_fd_ostream(file(name), code) << content;
    ASSERT_FALSE(code);
  }

  /// Imports and returns the IR, or "" after a failure.
  std::string import(const ::onnx::ModelProto &model) {
    write("model.onnx", model.SerializeAsString());
    diagnostics.clear();
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      diagnostics += diagnostic.str() + "\n";
      return mlir::success();
    });
    ImportResult result = importModel(file("model.onnx"), context, store);
    status = result.status;
    module = std::move(result.module);
    std::string ir;
    if (module) {
      llvm::raw_string_ostream stream(ir);
      mlir::OpPrintingFlags flags;
      module->print(stream, locations ? flags.enableDebugInfo(true, /*prettyForm=*/true) : flags);
    }
    return ir;
  }

  std::string import(const char *text) { return import(parse(text)); }

  llvm::SmallString<128> folder;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  WeightStore store;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ImportStatus status = ImportStatus::Done;
  std::string diagnostics;
  bool locations = false;
};

} // namespace pleat
