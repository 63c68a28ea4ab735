/* Weights files for tests, written as the compiler does. */
#ifndef PLEAT_TEST_IMAGE_H
#define PLEAT_TEST_IMAGE_H

#include "runtime/abi/pleat_abi.h"

enum { IMAGE_MOST_BYTES = 1024 };

/* A weights file of f32 tensors; bytes[] is 64-byte aligned. */
typedef struct image {
  uint8_t *bytes;
  size_t size;
} image;

/* Builds the file of `count` tensors, tensors[i] having lengths[i] elements, into `bytes`, which
 * has IMAGE_MOST_BYTES at a multiple of 64. */
image make_image(uint8_t *bytes, const float *const *tensors, const uint64_t *lengths, uint32_t count);

pleat_weights_header *image_header(image in);
pleat_weights_entry *image_entry(image in, uint32_t index);

/* Makes header and table consistent again after a test has changed them, as a hostile writer
 * would: check sums, and the build id too if `rename`. */
void reseal_image(image in, int rename);

/* Writes bytes to a file; the test fails loudly if that fails. */
void write_file(const char *path, const void *bytes, size_t size);

#endif
