// The elementwise criterion of numpy.allclose, and the norm that published errors are in.
#include "compiler/Driver/CompareTensors.h"

#include "compiler/Artifact/ModelInterface.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace pleat;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// |got - expected|: zero for two NaNs and for equal infinities, infinite if one alone is such.
static double differenceOf(double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected)))
    return 0;
  double difference = std::fabs(got - expected);
  return std::isnan(difference) ? kInfinity : difference;
}

/// How many times its tolerance an element is off; above 1 is a mismatch.
static double excessOf(double difference, double expected, const Tolerance &tolerance) {
  if (difference == 0)
    return 0;
  if (!std::isfinite(expected))
    return kInfinity; // no other number is near a NaN or an infinity
  return difference / (tolerance.absolute + tolerance.relative * std::fabs(expected));
}

Comparison pleat::compareTensors(const HostTensor &got, const HostTensor &expected,
                                 const Tolerance &tolerance) {
  Comparison result;
  result.elements = expected.size();
  bool exact = !isFloat(expected.type);
  unsigned width = elementBytes(expected.type);
  double worstExcess = -1, errorSquares = 0, expectedSquares = 0;
  for (int64_t index = 0; index < result.elements; ++index) {
    double a = got.at(index), b = expected.at(index);
    double difference = differenceOf(a, b);
    double excess = excessOf(difference, b, tolerance);
    if (exact) { // not by value: two 64-bit integers may be one double
      bool same = std::memcmp(&got.bytes[index * width], &expected.bytes[index * width], width) == 0;
      excess = same ? 0 : 2 + difference;
    }
    result.mismatches += excess > 1;
    if (excess > worstExcess) {
      worstExcess = excess;
      result.worst = index;
      result.worstExpected = b;
      result.worstGot = a;
    }
    result.largestError = std::max(result.largestError, difference);
    errorSquares += difference * difference;
    if (std::isfinite(b))
      expectedSquares += b * b;
  }
  if (errorSquares > 0)
    result.relativeL2 = expectedSquares > 0 ? std::sqrt(errorSquares / expectedSquares) : kInfinity;
  if (tolerance.relativeL2 && !exact)
    result.mismatches =
        result.relativeL2 <= *tolerance.relativeL2 ? 0 : std::max<int64_t>(result.mismatches, 1);
  return result;
}

llvm::SmallVector<int64_t, 4> pleat::positionOf(int64_t index, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t, 4> position(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    position[axis] = index % shape[axis];
    index /= shape[axis];
  }
  return position;
}
