/// Compiles kernels from MLIR text with the passes of the compiler and runs them in the
/// test's process, on buffers that trap when they are left.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
}

namespace pleat::test {

/// f32 memory whose last element is followed by an inaccessible page. The elements before
/// the first hold a pattern that `isIntact` checks.
class GuardedBuffer {
public:
  /// `size` elements of NaN.
  explicit GuardedBuffer(size_t size);
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer &) = delete;
  GuardedBuffer &operator=(const GuardedBuffer &) = delete;

  float *data() { return first; }
  size_t size() const { return count; }
  float &operator[](size_t index) { return first[index]; }
  void fill(float value);
  /// Whether nothing was written before the first element.
  bool isIntact() const;
  int64_t address() const { return reinterpret_cast<int64_t>(first); }

private:
  void *pages;
  size_t bytes, count;
  float *first;
};

/// One kernel's machine code, for one level.
class CompiledKernel {
public:
  /// `text`: a module with one function marked `pleat.kernel`, whose scratch is declared
  /// here unless it declares it. `level`: as in `--isa`; the
  /// code of a level above x86-64-v3 is legalised for it, so that its logic runs anywhere.
  static llvm::Expected<CompiledKernel> compile(llvm::StringRef text, llvm::StringRef level);
  CompiledKernel(CompiledKernel &&);
  ~CompiledKernel();

  /// Runs all parts, the last one first. `operands` are the slots between the number of
  /// parts and the scratch; `scratchBytes` a part, 0 when the kernel declares none.
  void run(std::vector<int64_t> operands, int64_t parts, size_t scratchBytes = 0) const;

  /// Runs one part of a kernel that declares no scratch.
  void runPart(std::vector<int64_t> operands, int64_t part, int64_t parts) const;

  /// The scratch a part needs, where it does not depend on sizes; 0 otherwise.
  size_t fixedScratch() const { return scratch; }

private:
  CompiledKernel(std::unique_ptr<llvm::orc::LLJIT> jit, void (*code)(const int64_t *, int64_t),
                 size_t scratch);

  std::unique_ptr<llvm::orc::LLJIT> jit;
  void (*code)(const int64_t *, int64_t);
  size_t scratch;
};

/// Uniform numbers in [-1, 1], the same for the same seed.
void fillRandom(float *values, size_t count, uint64_t seed);

/// A [K, N] matrix as [ceil(N/16)][K][16] with zeros beyond N.
std::vector<float> packPanels(const float *matrix, int64_t depth, int64_t columns);

} // namespace pleat::test
