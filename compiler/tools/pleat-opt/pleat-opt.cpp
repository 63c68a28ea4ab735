// Runs passes on IR read from a file: what lit tests and pass authors use, and what replays
// the reproducers of `pleat compile`.
#include "dialects/ONNX/IR/ONNXDialect.h"
#include "dialects/Pleat/IR/PleatDialect.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include "passes/AllPasses.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

namespace {

/// Gives every context the store that `--weights` names.
class OpenStore : public mlir::DialectExtension<OpenStore, pleat::PleatDialect> {
public:
  explicit OpenStore(std::shared_ptr<pleat::WeightStore> store) : store(std::move(store)) {}

  void apply(mlir::MLIRContext *, pleat::PleatDialect *dialect) const final {
    dialect->setWeightStore(store);
  }

private:
  std::shared_ptr<pleat::WeightStore> store;
};

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<pleat::PleatDialect, pleat::onnx::ONNXDialect>();
  mlir::registerAllPasses();
  pleat::registerAllPleatPasses();

  llvm::cl::opt<std::string> weights(
      "weights", llvm::cl::value_desc("FILE"),
      llvm::cl::desc("Open the weight store with this index, as reproducers have one"));
  auto [input, output] = mlir::registerAndParseCLIOptions(argc, argv, "Pleat pass driver\n", registry);
  if (!weights.empty()) {
    llvm::Expected<std::unique_ptr<pleat::WeightStore>> store = pleat::WeightStore::open(weights);
    if (!store) {
      llvm::WithColor::error() << "--weights: " << llvm::toString(store.takeError()) << '\n';
      return EXIT_FAILURE;
    }
    registry.addExtension(mlir::TypeID::get<OpenStore>(), std::make_unique<OpenStore>(std::move(*store)));
  }
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, input, output, registry));
}
