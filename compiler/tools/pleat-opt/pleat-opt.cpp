// Runs passes on IR read from a file: what lit tests and pass authors use.
#include "dialects/ONNX/IR/ONNXDialect.h"
#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/AllPasses.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<pleat::PleatDialect, pleat::onnx::ONNXDialect>();
  mlir::registerAllPasses();
  pleat::registerAllPleatPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Pleat pass driver\n", registry));
}
