/* Option structs that a host of another version may have filled in. */
#ifndef PLEAT_CORE_OPTIONS_H
#define PLEAT_CORE_OPTIONS_H

#include "runtime/include/pleat/pleat.h"

/* Copies `given`, whose first field is its size, over the defaults in `ours`. Fields that the
 * host does not know keep their defaults; fields that we do not know must be zero, which is
 * every field's default. NULL changes nothing. `what` names the struct in errors. */
pleat_status pleat_rt_read_options(const void *given, void *ours, size_t bytes, const char *what,
                                   pleat_error *error);

/* The allocator to use: `given`, checked, or our own. */
pleat_status pleat_rt_read_allocator(const pleat_allocator *given, pleat_allocator *allocator,
                                     pleat_error *error);

#endif
