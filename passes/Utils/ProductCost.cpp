// A roofline with a fixed cost. Its constants were measured with two threads (see
// docs/decisions/0011): the faster a product, the more a fixed cost weighs, so that what pays
// there pays with one thread too.
#include "passes/Utils/ProductCost.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace pleat;

/// Bytes a nanosecond at which weights that no cache holds are read.
static constexpr double kBandwidth = 26.0;

/// Operations a nanosecond of the f32 kernels from 128 rows on.
static constexpr double kRate = 200.0;

/// Nanoseconds that starting a kernel on waiting threads and joining them takes.
static constexpr double kKernelTime = 400.0;

/// Columns are stored, read and computed in panels of this many.
static constexpr int64_t kPanelColumns = 16;

/// A form must be this much faster: repeated measurements differ by as much.
static constexpr double kLeastGain = 1.05;

/// Stands for a number of rows without a bound: from a few dozen on, all times grow with it.
static constexpr int64_t kManyRows = 1 << 20;

double pleat::productTime(int64_t rows, ProductShape product) {
  double elements = double(product.depth) * double(llvm::alignTo(product.columns, kPanelColumns));
  double reading = elements * double(sizeof(float)) / kBandwidth;
  double computing = 2.0 * double(rows) * elements / kRate;
  return std::max(reading, computing) + kKernelTime;
}

double pleat::chainTime(int64_t rows, llvm::ArrayRef<ProductShape> chain) {
  double time = 0;
  for (ProductShape product : chain)
    time += productTime(rows, product);
  return time;
}

bool ChainComparison::isFaster() const { return after * kLeastGain <= before; }

ChainComparison pleat::compareChains(llvm::ArrayRef<ProductShape> before, llvm::ArrayRef<ProductShape> after,
                                     RowRange range) {
  // Every product turns from reading to computing at the same number of rows, and its time is
  // linear on either side: the worst ratio is at an end or at the turn.
  int64_t least = std::max<int64_t>(range.least, 1), most = std::max(least, range.most.value_or(kManyRows));
  auto turn = static_cast<int64_t>(std::floor(sizeof(float) / kBandwidth * kRate / 2.0));
  ChainComparison worst{};
  for (int64_t rows : {least, std::clamp(turn, least, most), std::clamp(turn + 1, least, most), most}) {
    ChainComparison here{rows, chainTime(rows, before), chainTime(rows, after)};
    if (worst.rows == 0 || here.after * worst.before > worst.after * here.before)
      worst = here;
  }
  return worst;
}
