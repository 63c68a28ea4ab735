/// Along which loop of a root its work is divided among parts.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace pleat {

/// Pieces along a result's last axis are multiples of this many elements: parts that wrote
/// into one cache line would slow each other down.
inline constexpr int64_t kInnermostGrain = 64;

/// Grains a part from which on a loop counts as shared well: rounding up then makes the
/// longest part at most a quarter longer.
inline constexpr int64_t kGrainsPerPart = 4;

/// A loop that can be cut.
struct SplitLoop {
  int64_t size; ///< ShapedType::kDynamic where only a run tells
  bool isInnermost;
};

/// How well `parts` parts share `grains` pieces of equal work: 1 when all get the same.
double splitBalance(int64_t grains, int64_t parts);

/// The positions in `loops`, outermost first, of those among which a run chooses the one it
/// cuts. Of the loops whose sizes are known only the best for 2, 4, 8 and 16 parts stays, the first
/// of equals: a size that is known is worth more to a kernel than a choice. The innermost is
/// left where others remain, unless its size is dynamic or large.
llvm::SmallVector<unsigned> splitCandidates(llvm::ArrayRef<SplitLoop> loops);

} // namespace pleat
