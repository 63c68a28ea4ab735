/// One compilation, stage by stage: what `compile` runs through, and `--emit` stops in.
#pragma once

#include "compiler/Artifact/WeightsFile.h"
#include "compiler/Driver/CompileOptions.h"
#include "compiler/Target/CompileModule.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"

namespace llvm {
class ThreadPoolInterface;
}
namespace mlir {
class OpPassManager;
}

namespace pleat {

class Compilation {
public:
  explicit Compilation(const CompileOptions &options);
  ~Compilation();

  /// Each stage needs the one before. Diagnostics go to stderr; the code says how it ended.
  ExitCode import();
  ExitCode recover();
  /// Runs the recipe's passes, if there is one.
  ExitCode compress();
  /// Rolls repeated layers, unless told not to.
  ExitCode roll();
  ExitCode formKernels();
  /// Places weights and lowers everything to the LLVM dialect.
  ExitCode lower();
  /// Machine code for the weights that have been written; `embedded` is their image if it
  /// becomes part of the object.
  llvm::Expected<ObjectFile> compile(const WrittenWeights &weights, llvm::ArrayRef<uint8_t> embedded);
  llvm::Expected<std::string> compileToText(TextForm form);

  mlir::ModuleOp module() { return *imported; }
  const ModelInterface &interface() const { return modelInterface; }
  const WeightsPlan &weights() const { return plan; }
  /// The inputs on which the recipe wants errors measured; empty if it does not say.
  llvm::StringRef calibrationData() const { return data; }
  /// Arena bytes of one thread with every dimension at its bound; nullopt if one has none.
  std::optional<int64_t> arenaBytes();
  /// Arena bytes as an expression of the dimensions.
  std::string arenaFormula();
  /// The step between neighbours of 1 in the narrowest float type that nodes of the model
  /// give, where that is narrower than f32; 0 otherwise.
  double rounding() const { return modelRounding; }
  /// Operations of a run and the bytes it reads, as formulas for the manifest; null before
  /// kernels are formed and where a size is not known.
  std::pair<llvm::json::Value, llvm::json::Value> workFormulas();

private:
  /// Reads the interface off the IR.
  ExitCode describe();
  /// Makes the states that the options name part of the IR.
  ExitCode keepStates();
  /// Runs passes; on failure ends with `onFailure`, and for internal errors leaves a
  /// reproducer and names it.
  ExitCode runPasses(llvm::StringRef stage, ExitCode onFailure,
                     llvm::function_ref<void(mlir::OpPassManager &)> build);
  /// Saves the weights beside the IR at `reproducer`, and says how to run both again.
  void reportInternal(llvm::StringRef stage, llvm::StringRef reproducer);
  std::vector<std::string> levelNames() const;
  TargetOptions targetOptions(const WrittenWeights &weights, llvm::ArrayRef<uint8_t> embedded) const;

  const CompileOptions &options;
  std::shared_ptr<WeightStore> weightStore;
  /// What MLIR's passes run on; null for one job.
  std::unique_ptr<llvm::ThreadPoolInterface> threads;
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> imported;
  ModelInterface modelInterface;
  double modelRounding = 0;
  /// What pass CountWork found; null if nothing.
  mlir::AffineMap work;
  WeightsPlan plan;
  std::string data;
};

} // namespace pleat
