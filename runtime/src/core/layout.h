/* Where things lie in a session's block. */
#ifndef PLEAT_CORE_LAYOUT_H
#define PLEAT_CORE_LAYOUT_H

#include "runtime/src/core/session.h"

/* Every buffer in the block starts at a multiple of this and has as many readable bytes
 * behind it. */
enum { PLEAT_BLOCK_ALIGNMENT = 64 };

/* Writes the limits of a session, one a dimension: `given` where it is not 0, the declared
 * bound elsewhere. */
pleat_status pleat_rt_resolve_largest(const pleat_model_desc *desc, const int64_t *given, int64_t *largest,
                                      pleat_error *error);

/* Computes the block of a session with these limits. With `session` NULL only its size; else
 * sets all the session's pointers into the block, which starts at the session itself, its
 * capacities and its arena. */
pleat_status pleat_rt_lay_out(const pleat_model_desc *desc, const int64_t *largest, int64_t threads,
                              pleat_session *session, size_t *bytes, pleat_error *error);

#endif
