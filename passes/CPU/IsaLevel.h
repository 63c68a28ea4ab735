/// The instruction set levels kernels are compiled for: what an emitter may assume of a
/// processor, and what LLVM is told about it.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace pleat {

/// One level. Levels are ordered: a processor that offers one offers all before it.
struct LevelInfo {
  llvm::StringLiteral name;     ///< as in `--isa`: "x86-64-v3"
  llvm::StringLiteral suffix;   ///< of machine functions: "_v3"
  llvm::StringLiteral cpu;      ///< LLVM's target-cpu
  llvm::StringLiteral features; ///< LLVM features beyond the cpu's, comma-separated
  unsigned abiLevel;            ///< pleat_cpu_level
  unsigned lanes;               ///< f32 lanes of a native vector
  unsigned vectorRegisters;     ///< architectural vector registers
  bool hasAmx;                  ///< tile registers and bf16 tile products
};

/// Attribute of a machine function: the name of its level.
inline constexpr llvm::StringLiteral kLevelAttrName = "pleat.level";

/// Every level, from the least demanding to the most.
llvm::ArrayRef<LevelInfo> allLevels();

/// The level called `name`, or null.
const LevelInfo *findLevel(llvm::StringRef name);

} // namespace pleat
