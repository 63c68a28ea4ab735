/* CRC-32C four bits at a time: headers and tables are small, and sixteen words of table
 * keep the core small too. */
#include "runtime/src/core/checksum.h"

uint32_t pleat_rt_crc32c(const void *data, uint64_t bytes) {
  /* Entry i: the remainder of the four bits i, polynomial 0x1EDC6F41 reflected. */
  static const uint32_t remainder[16] = {
      0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
      0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  const uint8_t *byte = data;
  uint32_t crc = 0xffffffffu;
  for (uint64_t i = 0; i < bytes; ++i) {
    crc ^= byte[i];
    crc = crc >> 4 ^ remainder[crc & 15];
    crc = crc >> 4 ^ remainder[crc & 15];
  }
  return ~crc;
}
