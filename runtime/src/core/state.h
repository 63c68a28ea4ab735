/* What a session remembers from run to run. */
#ifndef PLEAT_CORE_STATE_H
#define PLEAT_CORE_STATE_H

#include "runtime/src/core/session.h"

/* NAME_session_reset: appended states become empty, replaced ones zero. */
pleat_status pleat_rt_session_reset(pleat_session *session, pleat_error *error);

/* NAME_state_shape: type, rank and shape of a state's content, an appended one with as many
 * rows as it has; sizes that no run and no set has fixed yet are 0. Leaves the data pointer. */
pleat_status pleat_rt_state_shape(const pleat_session *session, uint32_t state, pleat_tensor *tensor,
                                  pleat_error *error);

/* NAME_state_get: copies the content to tensor->data, dense; `tensor` has the shape above. */
pleat_status pleat_rt_state_get(const pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                pleat_error *error);

/* NAME_state_set: makes a copy of tensor->data the content. Dimensions that the states share
 * must agree with those already held, until a reset. */
pleat_status pleat_rt_state_set(pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                pleat_error *error);

/* NAME_state_truncate: keeps the first `length` rows of an appended state. */
pleat_status pleat_rt_state_truncate(pleat_session *session, uint32_t state, int64_t length,
                                     pleat_error *error);

/* The same as pleat_rt_session_reset, for a session that is known to be one. */
void pleat_rt_states_reset(pleat_session *session);

/* Around a run. begin: after the host's dimensions are in place, adds the states' lengths and
 * compares the others. check: after the sizes are computed, whether there is room. end: takes
 * over what the run wrote. */
pleat_status pleat_rt_states_begin(pleat_session *session, pleat_error *error);
pleat_status pleat_rt_states_check(const pleat_session *session, pleat_error *error);
void pleat_rt_states_end(pleat_session *session);

#endif
