/// CRC-32C (Castagnoli), which headers and tables of weights files carry.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace pleat {

uint32_t crc32c(llvm::ArrayRef<uint8_t> bytes);

} // namespace pleat
