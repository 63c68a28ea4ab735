/// From the machine form of a model to one object file: the way through LLVM.
#pragma once

#include "compiler/Artifact/ModelInterface.h"
#include "passes/CPU/IsaLevel.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace pleat {

/// The weights that a compiled model expects.
struct WeightsIdentity {
  std::array<uint8_t, 32> buildId{};
  /// Size of the whole image: header, table, tensors and padding.
  uint64_t bytes = 0;
  /// The image itself, to be part of the object; empty: it is a file of its own. Borrowed
  /// for the call.
  llvm::ArrayRef<uint8_t> embedded;
};

/// Instrumentation for our own tests; such an object needs the sanitizer's runtime.
enum class Sanitizer { None, Address, Thread };

struct TargetOptions {
  /// Levels in the object, from the least demanding to the most; at least one.
  std::vector<const LevelInfo *> levels;
  WeightsIdentity weights;
  Sanitizer sanitizer = Sanitizer::None;
  /// Threads that may compile at once, at least 1. The object does not depend on it.
  unsigned jobs = 1;
};

/// A relocatable object that defines NAME_* and refers to libc, libm and pthreads alone.
struct ObjectFile {
  llvm::SmallVector<char, 0> bytes;
  /// Text and read-only data of the model's own functions, all levels; neither the runtime
  /// nor embedded weights.
  uint64_t codeBytes = 0;
  /// Names it defines for the outside, sorted.
  std::vector<std::string> exports;
  /// Whether it also refers to a sanitizer's runtime, which the program that loads it brings.
  bool instrumented = false;
};

/// Compiles `module`, which is in the LLVM dialect and defines
/// - each kernel K of the module attribute `pleat.kernels` as `K<suffix>` for every level,
/// - `pleat_run`, `pleat_arena_bytes` and, if the interface has size expressions,
///   `pleat_eval_sizes`; see runtime/abi/pleat_abi.h,
/// together with the model's descriptor and the runtime. Same input, same bytes. Every
/// failure is an internal error: a missing function, IR that LLVM refuses, a symbol that no
/// system library defines.
llvm::Expected<ObjectFile> compileModule(mlir::ModuleOp module, const ModelInterface &interface,
                                         const TargetOptions &options);

/// Forms of the same program for readers: what `--emit` prints.
enum class TextForm { LLVM, Assembly };

/// As compileModule, but as text and in one piece: optimised LLVM IR, or assembly of all levels.
llvm::Expected<std::string> compileToText(mlir::ModuleOp module, const ModelInterface &interface,
                                          const TargetOptions &options, TextForm form);

} // namespace pleat
