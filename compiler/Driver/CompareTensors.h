/// How far a tensor is from what was expected.
#pragma once

#include "compiler/Driver/HostTensor.h"
#include <optional>

namespace pleat {

struct Tolerance {
  /// An element may be off by absolute + relative * |expected|. Integers and bools may not
  /// differ at all.
  double relative = 1e-4, absolute = 1e-5;
  /// Where given, floats may be off by this much as a whole instead: their relative L2 error.
  std::optional<double> relativeL2 = std::nullopt;
};

struct Comparison {
  int64_t elements = 0;
  /// Elements beyond the tolerance; none where the tensor as a whole is within it.
  int64_t mismatches = 0;
  /// The element that is furthest from its tolerance's bound in proportion; -1 for no elements.
  int64_t worst = -1;
  double worstExpected = 0, worstGot = 0;
  /// Largest absolute difference; infinite where a NaN or infinity has no equal.
  double largestError = 0;
  /// |got - expected| / |expected| in the 2-norm over all elements; infinite if `expected` is
  /// zero and `got` is not.
  double relativeL2 = 0;

  bool good() const { return mismatches == 0; }
};

/// Compares two tensors of one type and shape. A NaN equals a NaN, an infinity its like.
Comparison compareTensors(const HostTensor &got, const HostTensor &expected, const Tolerance &tolerance);

/// The position of element `index` along each axis.
llvm::SmallVector<int64_t, 4> positionOf(int64_t index, llvm::ArrayRef<int64_t> shape);

} // namespace pleat
