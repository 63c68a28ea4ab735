/* Integer inputs that index tables: an id is data from outside and would otherwise become an
 * address. Negative ids count from the table's end, as ONNX has it. */
#include "runtime/src/core/ids.h"

#include "runtime/src/core/fail.h"

/* The first element outside, or count. The whole array is scanned first without a branch on
 * its elements: nearly always nothing is found. */
#define FIND_OUTSIDE(name, type)                                                                             \
  static int64_t name(const type *ids, int64_t count, int64_t rows) {                                        \
    int outside = 0;                                                                                         \
    for (int64_t i = 0; i < count; ++i)                                                                      \
      outside |= ((int64_t)ids[i] < -rows) | ((int64_t)ids[i] >= rows);                                      \
    for (int64_t i = 0; outside && i < count; ++i)                                                           \
      if ((int64_t)ids[i] < -rows || (int64_t)ids[i] >= rows)                                                \
        return i;                                                                                            \
    return count;                                                                                            \
  }

FIND_OUTSIDE(outside_i32, int32_t)
FIND_OUTSIDE(outside_i64, int64_t)

pleat_status pleat_rt_check_ids(const pleat_tensor_desc *tensor, const void *ids, int64_t count, int64_t rows,
                                pleat_error *error) {
  int wide = tensor->type == PLEAT_I64;
  int64_t at = wide ? outside_i64(ids, count, rows) : outside_i32(ids, count, rows);
  if (at == count)
    return PLEAT_STATUS_OK;
  return pleat_rt_fail(
      error, PLEAT_STATUS_ID_OUT_OF_RANGE,
      "input '%s' expects ids from %" PRId64 " to %" PRId64 ", but has %" PRId64 " at element %" PRId64,
      tensor->name, -rows, rows - 1, wide ? ((const int64_t *)ids)[at] : ((const int32_t *)ids)[at], at);
}
