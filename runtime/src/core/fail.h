/* How a failing runtime function explains itself. */
#ifndef PLEAT_CORE_FAIL_H
#define PLEAT_CORE_FAIL_H

#include <inttypes.h>

#include "runtime/include/pleat/pleat.h"

/* Returns `status`, after storing it with a text in `error` unless that is NULL. The format
 * knows %s, %" PRId64 ", %" PRIu64 " and %%; text that does not fit is cut. */
pleat_status pleat_rt_fail(pleat_error *error, pleat_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes such a text to out[0 .. bytes-1], always with a zero byte at the end. */
void pleat_rt_print(char *out, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
