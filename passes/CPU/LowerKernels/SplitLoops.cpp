// What can be said before a run about which loop to cut.
#include "passes/CPU/LowerKernels/SplitLoops.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace pleat;

/// The numbers of parts that a choice between loops of known sizes looks at.
static constexpr int64_t kUsualParts[] = {2, 4, 8, 16};

/// Innermost loops from this size on are worth cutting where other loops may be short: what
/// an unknown size costs vectors is little then.
static constexpr int64_t kLongInnermost = 4096;

double pleat::splitBalance(int64_t grains, int64_t parts) {
  int64_t longest = llvm::divideCeil(grains, parts);
  return longest == 0 ? 1.0 : double(grains) / double(longest * parts);
}

/// The balance of `loop`, of known size, summed over the usual numbers of parts.
static double usualBalance(const SplitLoop &loop) {
  int64_t grains = loop.isInnermost ? llvm::divideCeil(loop.size, kInnermostGrain) : loop.size;
  double sum = 0;
  for (int64_t parts : kUsualParts)
    sum += splitBalance(grains, parts);
  return sum;
}

SmallVector<unsigned> pleat::splitCandidates(ArrayRef<SplitLoop> loops) {
  SmallVector<unsigned> candidates;
  std::optional<unsigned> best;
  for (auto [position, loop] : llvm::enumerate(loops)) {
    if (ShapedType::isDynamic(loop.size))
      candidates.push_back(position);
    else if (!best || usualBalance(loop) > usualBalance(loops[*best]))
      best = position;
  }
  if (!best)
    return candidates;
  bool isShortRow = loops[*best].isInnermost && loops[*best].size < kLongInnermost;
  if (candidates.empty() || !isShortRow)
    candidates.insert(llvm::lower_bound(candidates, *best), *best);
  return candidates;
}
