/* States: what an appended and a replaced state mean between runs. All states of a session
 * hold content of the same dimensions (the batch, say); the first run or set after a reset
 * fixes them. */
#include "runtime/src/core/state.h"

#include <string.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/shapes.h"

static int is_appended(const pleat_state_desc *state) { return state->kind == PLEAT_STATE_APPENDED; }

/* The dimension that an appended state's length is. */
static int64_t length_dim(const pleat_state_desc *state) { return state->tensor.axes[state->axis].value; }

void pleat_rt_states_reset(pleat_session *session) {
  const pleat_model_desc *desc = session->model->desc;
  for (uint32_t i = 0; i < desc->host_dim_count; ++i)
    session->held_dims[i] = -1;
  for (uint32_t i = 0; i < desc->state_count; ++i) {
    int64_t count = 0;
    session->lengths[i] = 0;
    if (is_appended(&desc->states[i]))
      continue;
    /* Its size at the session's limits was checked when the session was laid out. */
    (void)pleat_rt_element_count(&desc->states[i].tensor, session->largest, NULL, &count, NULL);
    memset(session->states[i], 0, (size_t)count * pleat_rt_type_bytes(desc->states[i].tensor.type));
  }
  session->bound = session->bound && desc->state_count == 0;
}

pleat_status pleat_rt_session_reset(pleat_session *session, pleat_error *error) {
  if (!session)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "session expects an address, but got NULL");
  pleat_rt_states_reset(session);
  return PLEAT_STATUS_OK;
}

/* Whether a state's axis is a dimension of the host. */
static int is_host_dim(const pleat_model_desc *desc, const pleat_axis *axis) {
  return axis->kind == PLEAT_AXIS_DIM && axis->value < desc->host_dim_count;
}

static pleat_status check_held(const pleat_session *session, int64_t dim, int64_t size, pleat_error *error) {
  int64_t held = session->held_dims[dim];
  if (held < 0 || held == size)
    return PLEAT_STATUS_OK;
  return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                       "the states hold dimension '%s' of size %" PRId64 ", but got %" PRId64
                       "; reset the session first",
                       session->model->desc->dims[dim].name, held, size);
}

pleat_status pleat_rt_states_begin(pleat_session *session, pleat_error *error) {
  const pleat_model_desc *desc = session->model->desc;
  for (uint32_t i = desc->host_dim_count; i < desc->dim_count; ++i)
    session->dims[i] = -1;
  for (uint32_t i = 0; i < desc->state_count; ++i) {
    const pleat_state_desc *state = &desc->states[i];
    pleat_status status;
    for (uint32_t a = 0; a < state->tensor.rank; ++a) {
      const pleat_axis *axis = &state->tensor.axes[a];
      if (is_host_dim(desc, axis) &&
          (status = check_held(session, axis->value, session->dims[axis->value], error)))
        return status;
    }
    if (!is_appended(state))
      continue;
    int64_t *length = &session->dims[length_dim(state)];
    if (*length >= 0 && *length != session->lengths[i])
      return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                           "state '%s' expects length %" PRId64 " as other states have, but has %" PRId64,
                           state->tensor.name, *length, session->lengths[i]);
    *length = session->lengths[i];
  }
  return PLEAT_STATUS_OK;
}

static int64_t next_length(const pleat_session *session, uint32_t state) {
  return pleat_rt_axis_size(&session->model->desc->states[state].next_length, session->dims, session->sizes);
}

pleat_status pleat_rt_states_check(const pleat_session *session, pleat_error *error) {
  const pleat_model_desc *desc = session->model->desc;
  for (uint32_t i = 0; i < desc->state_count; ++i) {
    if (!is_appended(&desc->states[i]))
      continue;
    int64_t next = next_length(session, i);
    if (next < session->lengths[i] || next > session->capacities[i])
      return pleat_rt_fail(error, PLEAT_STATUS_STATE_FULL,
                           "state '%s' would grow to length %" PRId64 ", but has room for %" PRId64,
                           desc->states[i].tensor.name, next, session->capacities[i]);
  }
  return PLEAT_STATUS_OK;
}

void pleat_rt_states_end(pleat_session *session) {
  const pleat_model_desc *desc = session->model->desc;
  if (desc->state_count == 0)
    return;
  for (uint32_t i = 0; i < desc->state_count; ++i) {
    const pleat_state_desc *state = &desc->states[i];
    for (uint32_t a = 0; a < state->tensor.rank; ++a) {
      const pleat_axis *axis = &state->tensor.axes[a];
      if (is_host_dim(desc, axis))
        session->held_dims[axis->value] = session->dims[axis->value];
    }
    if (is_appended(state)) {
      session->lengths[i] = next_length(session, i);
    } else {
      uint8_t *written = session->next_states[i];
      session->next_states[i] = session->states[i];
      session->states[i] = written;
    }
  }
  session->bound = 0; /* the lengths are other ones now */
}

static pleat_status check_number(const pleat_session *session, uint32_t state, pleat_error *error) {
  if (state >= session->model->desc->state_count)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "state expects a number below %" PRId64 ", but got %" PRId64,
                         (int64_t)session->model->desc->state_count, (int64_t)state);
  return PLEAT_STATUS_OK;
}

static pleat_status check_state(const pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                pleat_error *error) {
  if (!session || !tensor)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "session and tensor expect addresses, but got NULL");
  return check_number(session, state, error);
}

pleat_status pleat_rt_state_truncate(pleat_session *session, uint32_t state, int64_t length,
                                     pleat_error *error) {
  pleat_status status;
  if (!session)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "session expects an address, but got NULL");
  if ((status = check_number(session, state, error)))
    return status;
  const pleat_state_desc *desc = &session->model->desc->states[state];
  if (!is_appended(desc))
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "state '%s' is replaced by each run and has no rows to keep", desc->tensor.name);
  if (length < 0 || length > session->lengths[state])
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "state '%s' expects a length of 0 to %" PRId64 ", but got %" PRId64,
                         desc->tensor.name, session->lengths[state], length);
  session->lengths[state] = length;
  session->bound = 0;
  return PLEAT_STATUS_OK;
}

static int64_t held_size(const pleat_session *session, uint32_t state, uint32_t axis) {
  const pleat_model_desc *desc = session->model->desc;
  const pleat_axis *at = &desc->states[state].tensor.axes[axis];
  if (at->kind != PLEAT_AXIS_DIM)
    return at->value;
  if (!is_host_dim(desc, at))
    return session->lengths[state];
  return session->held_dims[at->value] < 0 ? 0 : session->held_dims[at->value];
}

pleat_status pleat_rt_state_shape(const pleat_session *session, uint32_t state, pleat_tensor *tensor,
                                  pleat_error *error) {
  pleat_status status = check_state(session, state, tensor, error);
  if (status)
    return status;
  const pleat_tensor_desc *desc = &session->model->desc->states[state].tensor;
  tensor->type = (int32_t)desc->type;
  tensor->rank = (int32_t)desc->rank;
  for (uint32_t a = 0; a < desc->rank; ++a)
    tensor->shape[a] = held_size(session, state, a);
  return PLEAT_STATUS_OK;
}

/* Copies a state's content between its buffer, where rows of the growing axis stand at their
 * capacity, and dense memory. */
static void copy_content(const pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                         int into_state) {
  const pleat_state_desc *desc = &session->model->desc->states[state];
  uint32_t axis = is_appended(desc) ? desc->axis : 0;
  size_t outer = 1, row = pleat_rt_type_bytes(desc->tensor.type), rows = 1, stride = 1;
  for (uint32_t a = 0; a < desc->tensor.rank; ++a) {
    size_t size = (size_t)tensor->shape[a];
    if (is_appended(desc) && a < axis)
      outer *= size;
    else if (is_appended(desc) && a == axis)
      rows = size;
    else
      row *= size;
  }
  stride = is_appended(desc) ? (size_t)session->capacities[state] : rows;
  if (outer == 0 || rows * row == 0)
    return;
  for (size_t i = 0; i < outer; ++i) {
    uint8_t *inside = session->states[state] + i * stride * row;
    uint8_t *outside = (uint8_t *)tensor->data + i * rows * row;
    if (into_state)
      memcpy(inside, outside, rows * row);
    else
      memcpy(outside, inside, rows * row);
  }
}

static int has_elements(const pleat_tensor *tensor) {
  for (int32_t a = 0; a < tensor->rank; ++a)
    if (tensor->shape[a] == 0)
      return 0;
  return 1;
}

static pleat_status check_data(const pleat_tensor *tensor, pleat_error *error) {
  if (has_elements(tensor) && !tensor->data)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "tensor expects data, but has NULL");
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_state_get(const pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                pleat_error *error) {
  pleat_tensor held;
  pleat_status status = check_state(session, state, tensor, error);
  if (status || (status = pleat_rt_state_shape(session, state, &held, error)))
    return status;
  const char *name = session->model->desc->states[state].tensor.name;
  if (tensor->type != held.type || tensor->rank != held.rank)
    return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                         "state '%s' expects type %" PRId64 " and rank %" PRId64, name, (int64_t)held.type,
                         (int64_t)held.rank);
  for (int32_t a = 0; a < held.rank; ++a)
    if (tensor->shape[a] != held.shape[a])
      return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                           "state '%s' axis %" PRId64 " expects size %" PRId64 ", but got %" PRId64, name,
                           (int64_t)a, held.shape[a], tensor->shape[a]);
  if ((status = check_data(tensor, error)))
    return status;
  copy_content(session, state, tensor, 0);
  return PLEAT_STATUS_OK;
}

/* Whether `size` may be the size of a state's axis now. */
static pleat_status check_new_size(const pleat_session *session, uint32_t state, uint32_t axis, int64_t size,
                                   pleat_error *error) {
  const pleat_model_desc *desc = session->model->desc;
  const pleat_tensor_desc *tensor = &desc->states[state].tensor;
  const pleat_axis *at = &tensor->axes[axis];
  int64_t lower = at->value, upper = at->value;
  if (at->kind == PLEAT_AXIS_DIM) {
    lower = is_host_dim(desc, at) ? desc->dims[at->value].lower : 0;
    upper = session->largest[at->value];
  }
  if (size < lower || size > upper)
    return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                         "state '%s' axis %" PRId64 " expects size %" PRId64 " to %" PRId64
                         ", but got %" PRId64,
                         tensor->name, (int64_t)axis, lower, upper, size);
  return is_host_dim(desc, at) ? check_held(session, at->value, size, error) : PLEAT_STATUS_OK;
}

pleat_status pleat_rt_state_set(pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                pleat_error *error) {
  pleat_status status = check_state(session, state, tensor, error);
  if (status)
    return status;
  const pleat_model_desc *desc = session->model->desc;
  const pleat_state_desc *at = &desc->states[state];
  if (tensor->type != (int32_t)at->tensor.type || tensor->rank != (int32_t)at->tensor.rank)
    return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                         "state '%s' expects type %" PRId64 " and rank %" PRId64, at->tensor.name,
                         (int64_t)at->tensor.type, (int64_t)at->tensor.rank);
  for (uint32_t a = 0; a < at->tensor.rank; ++a)
    if ((status = check_new_size(session, state, a, tensor->shape[a], error)))
      return status;
  if ((status = check_data(tensor, error)))
    return status;
  for (uint32_t a = 0; a < at->tensor.rank; ++a)
    if (is_host_dim(desc, &at->tensor.axes[a]))
      session->held_dims[at->tensor.axes[a].value] = tensor->shape[a];
  if (is_appended(at))
    session->lengths[state] = tensor->shape[at->axis];
  session->bound = 0;
  copy_content(session, state, tensor, 1);
  return PLEAT_STATUS_OK;
}
