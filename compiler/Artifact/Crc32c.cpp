// The reflected polynomial 0x82f63b78, a bit at a time: it covers a table, never tensors.
#include "compiler/Artifact/Crc32c.h"

uint32_t pleat::crc32c(llvm::ArrayRef<uint8_t> bytes) {
  uint32_t remainder = 0xffffffff;
  for (uint8_t byte : bytes) {
    remainder ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  }
  return ~remainder;
}
