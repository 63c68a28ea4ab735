/// What `pleat compile` is told on the command line.
#pragma once

#include "compiler/Driver/ExitCode.h"
#include "compiler/Target/DescribeInterface.h"
#include "compiler/Target/MatchStates.h"
#include "passes/CPU/IsaLevel.h"
#include <optional>
#include <string>
#include <vector>

namespace pleat {

/// Stages at which `--emit` stops and prints.
enum class EmitStage { Onnx, Pleat, Kernels, LlvmDialect, Llvm, Assembly };

struct CompileOptions {
  std::string modelPath;
  /// -o DIR/NAME, split.
  std::string outputDirectory, name;
  std::vector<DimBounds> dims;
  std::vector<StatePattern> states;
  std::vector<const LevelInfo *> levels;
  std::optional<EmitStage> emit;
  std::string recipePath;
  /// Compile what measures the errors of the recipe's steps; for `pleat compile` itself.
  bool measureSteps = false;
  /// Of weights that no recipe names: "f32", "f32-split" or "bf16".
  std::string precision = "f32";
  bool embedWeights = false;
  bool roll = true;
  /// Print the manifest in the end.
  bool json = false;
  /// Threads that may work at once; nothing in the artefact depends on it.
  unsigned jobs = 1;
  /// Resident bytes that a compile may take at its peak; 0: no limit.
  uint64_t maxMemory = 0;
  /// Test-only: "address" or "thread".
  std::string instrument;
};

/// Reads the command line of `compile`; argv[0] is the verb. On a mistake, says what is
/// wrong on stderr and returns nullopt. `--help` prints and ends the process, as LLVM's
/// parser does.
std::optional<CompileOptions> parseCompileOptions(int argc, const char *const *argv);

/// Parses a size with a unit: B, kB, MB, GB (powers of 1000), KiB, MiB, GiB (of 1024); none is bytes.
std::optional<uint64_t> parseBytes(llvm::StringRef text);

/// Parses NAME=LO..HI[:STEP] or NAME=SIZE.
llvm::Expected<DimBounds> parseDimBounds(llvm::StringRef text);

/// What parseDimBounds reads as `bounds`.
std::string boundsText(const DimBounds &bounds);

} // namespace pleat
