/// One tensor as NumPy's .npy: a magic number, a header in Python's syntax, the elements.
#pragma once

#include "compiler/Driver/HostTensor.h"
#include "llvm/Support/Error.h"

namespace pleat {

/// Reads a .npy file's content. Takes versions 1 to 3, little-endian elements, either axis
/// order; two-byte void elements are bfloat16, as NumPy has no type for them. Fails with
/// InputInvalid on what breaks the format or whose size is not exactly the shape's, with
/// Unsupported on element types that no model has. The tensor is unnamed.
llvm::Expected<HostTensor> parseNpy(llvm::ArrayRef<uint8_t> file);

/// Everything of the tensor's .npy file that comes before its elements.
std::string npyHeader(const HostTensor &tensor);

} // namespace pleat
