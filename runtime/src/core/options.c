/* Decides what option structs of older and newer hosts mean. */
#include "runtime/src/core/options.h"

#include <string.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/platform.h"

pleat_status pleat_rt_read_options(const void *given, void *ours, size_t bytes, const char *what,
                                   pleat_error *error) {
  size_t given_bytes;
  if (!given)
    return PLEAT_STATUS_OK;
  memcpy(&given_bytes, given, sizeof given_bytes);
  if (given_bytes < sizeof given_bytes)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "%s has struct_size %" PRIu64 "; fill it with its initialiser", what,
                         (uint64_t)given_bytes);
  for (size_t i = bytes; i < given_bytes; ++i)
    if (((const uint8_t *)given)[i])
      return pleat_rt_fail(error, PLEAT_STATUS_VERSION_MISMATCH,
                           "%s uses an option beyond byte %" PRIu64 ", which this version does not know",
                           what, (uint64_t)bytes);
  memcpy(ours, given, given_bytes < bytes ? given_bytes : bytes);
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_read_allocator(const pleat_allocator *given, pleat_allocator *allocator,
                                     pleat_error *error) {
  *allocator = pleat_rt_default_allocator;
  if (!given)
    return PLEAT_STATUS_OK;
  pleat_status status = pleat_rt_read_options(given, allocator, sizeof *allocator, "allocator", error);
  if (status == PLEAT_STATUS_OK && (!allocator->allocate || !allocator->deallocate))
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "allocator expects both allocate and deallocate");
  return status;
}
