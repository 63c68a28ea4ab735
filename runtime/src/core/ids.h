/* Integer inputs that index tables. */
#ifndef PLEAT_CORE_IDS_H
#define PLEAT_CORE_IDS_H

#include "runtime/abi/pleat_abi.h"

/* Checks -rows <= id < rows for each of `count` elements of type `tensor->type` at `ids`. */
pleat_status pleat_rt_check_ids(const pleat_tensor_desc *tensor, const void *ids, int64_t count, int64_t rows,
                                pleat_error *error);

#endif
