/* Writes tiny.weights for the example. */
#include "test/runtime/image.h"

int main(void) {
  static uint8_t bytes[IMAGE_MOST_BYTES] __attribute__((aligned(64)));
  static const float w[6] = {1, 0, 0, 1, 1, 1};
  const float *const tensors[] = {w};
  const uint64_t lengths[] = {6};
  image made = make_image(bytes, tensors, lengths, 1);
  write_file("tiny.weights", made.bytes, made.size);
  return 0;
}
