/* The two check sums against published values: the CRC's of RFC 3720 (B.4), BLAKE3's of its
 * reference implementation's test_vectors.json, whose input is 0, 1, ... 250, 0, 1, ... */
#include "runtime/src/core/checksum.h"

#include "test/runtime/check.h"

static uint8_t input[102400];

static void fill_input(void) {
  for (size_t i = 0; i < sizeof input; ++i)
    input[i] = (uint8_t)(i % 251);
}

static void crc_of_known_texts(void) {
  uint8_t bytes[32];
  CHECK(pleat_rt_crc32c("", 0) == 0);
  CHECK(pleat_rt_crc32c("123456789", 9) == 0xe3069283u);
  memset(bytes, 0, sizeof bytes);
  CHECK(pleat_rt_crc32c(bytes, sizeof bytes) == 0x8a9136aau);
  memset(bytes, 0xff, sizeof bytes);
  CHECK(pleat_rt_crc32c(bytes, sizeof bytes) == 0x62a8ab43u);
}

static void blake3_of_known_lengths(void) {
  /* Around block and chunk borders, and trees of complete and incomplete shape. */
  static const struct {
    uint64_t bytes;
    const char *hash;
  } vectors[] = {
#include "test/runtime/blake3_vectors.inc"
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; ++i) {
    uint8_t hash[PLEAT_HASH_BYTES];
    char text[2 * PLEAT_HASH_BYTES + 1];
    pleat_rt_blake3(input, vectors[i].bytes, hash);
    for (int b = 0; b < PLEAT_HASH_BYTES; ++b)
      snprintf(text + 2 * b, 3, "%02x", hash[b]);
    CHECK(strcmp(text, vectors[i].hash) == 0);
  }
}

int main(void) {
  fill_input();
  RUN_TEST(crc_of_known_texts);
  RUN_TEST(blake3_of_known_lengths);
  return TEST_RESULT();
}
