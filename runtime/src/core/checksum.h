/* The two checks on a weights file: CRC-32C against damage of header and table, BLAKE3 for
 * what a tensor's content is. */
#ifndef PLEAT_CORE_CHECKSUM_H
#define PLEAT_CORE_CHECKSUM_H

#include <stdint.h>

#define PLEAT_HASH_BYTES 32

/* CRC-32C (Castagnoli polynomial, reflected, inverted at both ends) of data[0 .. bytes-1]. */
uint32_t pleat_rt_crc32c(const void *data, uint64_t bytes);

/* BLAKE3, unkeyed, of data[0 .. bytes-1]. */
void pleat_rt_blake3(const void *data, uint64_t bytes, uint8_t hash[PLEAT_HASH_BYTES]);

#endif
