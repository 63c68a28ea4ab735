#include "test/runtime/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/src/core/checksum.h"

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

pleat_weights_header *image_header(image in) { return (pleat_weights_header *)(void *)in.bytes; }

pleat_weights_entry *image_entry(image in, uint32_t index) {
  return (pleat_weights_entry *)(void *)(in.bytes + image_header(in)->table_offset) + index;
}

void reseal_image(image in, int rename) {
  pleat_weights_header *header = image_header(in);
  size_t bytes = header->entry_count * sizeof(pleat_weights_entry);
  header->table_check = pleat_rt_crc32c(image_entry(in, 0), bytes);
  if (rename)
    pleat_rt_blake3(image_entry(in, 0), bytes, header->build_id);
  header->header_check = pleat_rt_crc32c(header, offsetof(pleat_weights_header, header_check));
}

image make_image(uint8_t *bytes, const float *const *tensors, const uint64_t *lengths, uint32_t count) {
  image made = {bytes, 0};
  memset(bytes, 0, IMAGE_MOST_BYTES);
  pleat_weights_header *header = image_header(made);
  memcpy(header->magic, PLEAT_WEIGHTS_MAGIC, sizeof header->magic);
  header->version = header->oldest_reader = PLEAT_WEIGHTS_VERSION;
  header->table_offset = sizeof *header;
  header->entry_count = count;
  size_t at = aligned(sizeof *header + count * sizeof(pleat_weights_entry));
  for (uint32_t i = 0; i < count; ++i) {
    pleat_weights_entry *entry = image_entry(made, i);
    entry->offset = at;
    entry->bytes = lengths[i] * sizeof(float);
    entry->type = PLEAT_F32;
    memcpy(bytes + at, tensors[i], entry->bytes);
    pleat_rt_blake3(tensors[i], entry->bytes, entry->content_hash);
    at = aligned(at + entry->bytes);
  }
  made.size = header->file_bytes = at + 64;
  reseal_image(made, 1);
  return made;
}

void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
    printf("cannot write %s\n", path);
    exit(1);
  }
}
