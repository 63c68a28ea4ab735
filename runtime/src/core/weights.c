/* Decides whether a weights file is whole and is this model's. A hostile file may carry
 * matching check sums, so every offset is checked before use, without a sum that could
 * overflow. The build id is the hash of the table: whoever changes an entry changes it. */
#include "runtime/src/core/weights.h"

#include <string.h>

#include "runtime/src/core/checksum.h"
#include "runtime/src/core/fail.h"

enum { TAIL = PLEAT_WEIGHTS_ALIGNMENT }; /* zero bytes after the last tensor */

static pleat_status bad(pleat_error *error, const char *what) {
  return pleat_rt_fail(error, PLEAT_STATUS_BAD_WEIGHTS, "weights file has %s", what);
}

pleat_status pleat_rt_check_header(const pleat_model_desc *desc, const pleat_weights_header *header,
                                   uint64_t bytes, pleat_error *error) {
  if (memcmp(header->magic, PLEAT_WEIGHTS_MAGIC, sizeof header->magic) != 0)
    return bad(error, "another magic number: it is not a weights file");
  if (header->oldest_reader > PLEAT_WEIGHTS_VERSION)
    return pleat_rt_fail(error, PLEAT_STATUS_VERSION_MISMATCH,
                         "weights file version %" PRIu64 " needs a reader of version %" PRIu64
                         " or later, but this runtime reads version %" PRIu64,
                         (uint64_t)header->version, (uint64_t)header->oldest_reader,
                         (uint64_t)PLEAT_WEIGHTS_VERSION);
  if (pleat_rt_crc32c(header, offsetof(pleat_weights_header, header_check)) != header->header_check)
    return bad(error, "a damaged header: its check sum differs");
  if (header->reserved)
    return bad(error, "a damaged header: a reserved field is set");
  if (memcmp(header->build_id, desc->build_id, sizeof header->build_id) != 0)
    return pleat_rt_fail(error, PLEAT_STATUS_WRONG_BUILD,
                         "weights file belongs to another build than model '%s'", desc->name);
  if (bytes != header->file_bytes || bytes != desc->weights_bytes)
    return pleat_rt_fail(error, PLEAT_STATUS_BAD_WEIGHTS,
                         "weights file expects %" PRIu64 " bytes, but has %" PRIu64, desc->weights_bytes,
                         bytes);
  if (header->table_offset < sizeof *header || header->table_offset % 8 != 0 ||
      header->table_offset > bytes ||
      header->entry_count > (bytes - header->table_offset) / sizeof(pleat_weights_entry))
    return bad(error, "a table outside the file");
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_check_table(const pleat_weights_header *header, const uint8_t *image,
                                  pleat_error *error) {
  const uint8_t *table = image + header->table_offset;
  uint64_t table_bytes = (uint64_t)header->entry_count * sizeof(pleat_weights_entry);
  uint8_t hash[PLEAT_HASH_BYTES];
  if (pleat_rt_crc32c(table, table_bytes) != header->table_check)
    return bad(error, "a damaged table: its check sum differs");
  pleat_rt_blake3(table, table_bytes, hash);
  if (memcmp(hash, header->build_id, sizeof hash) != 0)
    return bad(error, "a table that is not its build's");
  uint64_t free_from = header->table_offset + table_bytes; /* what lies before is taken */
  for (uint32_t i = 0; i < header->entry_count; ++i) {
    pleat_weights_entry entry;
    memcpy(&entry, table + i * sizeof entry, sizeof entry);
    if (entry.offset % PLEAT_WEIGHTS_ALIGNMENT != 0 || entry.offset < free_from ||
        entry.offset > header->file_bytes || entry.bytes > header->file_bytes - entry.offset)
      return pleat_rt_fail(error, PLEAT_STATUS_BAD_WEIGHTS,
                           "weights file has entry %" PRIu64 " at offset %" PRIu64 " with %" PRIu64
                           " bytes, which overlaps another part or leaves the file",
                           (uint64_t)i, entry.offset, entry.bytes);
    free_from = entry.offset + entry.bytes;
  }
  if (header->file_bytes - free_from < TAIL)
    return bad(error, "no room after its last tensor");
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_check_hashes(const pleat_weights_header *header, const uint8_t *image,
                                   pleat_error *error) {
  for (uint32_t i = 0; i < header->entry_count; ++i) {
    pleat_weights_entry entry;
    uint8_t hash[PLEAT_HASH_BYTES];
    memcpy(&entry, image + header->table_offset + i * sizeof entry, sizeof entry);
    pleat_rt_blake3(image + entry.offset, entry.bytes, hash);
    if (memcmp(hash, entry.content_hash, sizeof hash) != 0)
      return pleat_rt_fail(error, PLEAT_STATUS_HASH_MISMATCH,
                           "weights file has entry %" PRIu64 " at offset %" PRIu64
                           " whose bytes do not match their hash",
                           (uint64_t)i, entry.offset);
  }
  return PLEAT_STATUS_OK;
}
