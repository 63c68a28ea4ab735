/* Decides where things lie in a session's block. One function both measures and places, so
 * that the two cannot disagree. */
#include "runtime/src/core/layout.h"

#include "runtime/src/core/fail.h"
#include "runtime/src/core/shapes.h"

pleat_status pleat_rt_resolve_largest(const pleat_model_desc *desc, const int64_t *given, int64_t *largest,
                                      pleat_error *error) {
  for (uint32_t i = 0; i < desc->dim_count; ++i) {
    const pleat_dim_desc *dim = &desc->dims[i];
    largest[i] = given && given[i] ? given[i] : dim->upper;
    if (largest[i] == 0)
      return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                           "dimension '%s' has no upper bound; say how large it gets in this session",
                           dim->name);
    if (largest[i] < dim->lower || (dim->upper && largest[i] > dim->upper))
      return pleat_rt_fail(error, PLEAT_STATUS_DIM_OUT_OF_RANGE,
                           "dimension '%s' expects %" PRId64 " to %" PRId64
                           " as a session's largest, but got %" PRId64,
                           dim->name, dim->lower, dim->upper ? dim->upper : INT64_MAX, largest[i]);
  }
  return PLEAT_STATUS_OK;
}

/* Grows a block piece by piece; `fits` falls to 0 and stays when it gets too large. */
typedef struct block {
  uint8_t *base; /* NULL while measuring */
  int64_t end;
  int fits;
} block;

static void *take(block *in, int64_t count, int64_t element, int64_t alignment) {
  int64_t bytes = 0, start = 0;
  in->fits = in->fits && count >= 0 && pleat_rt_multiply(count, element, &bytes) &&
             !__builtin_add_overflow(in->end, alignment - 1, &start);
  start -= start % alignment;
  in->fits = in->fits && !__builtin_add_overflow(start, bytes, &in->end);
  return in->fits && in->base ? in->base + start : NULL;
}

static int64_t *take_sizes(block *in, uint32_t count) {
  return take(in, count, sizeof(int64_t), sizeof(int64_t));
}

static uint8_t **take_pointers(block *in, uint32_t count) {
  return take(in, count, sizeof(void *), sizeof(void *));
}

/* A buffer for tensors, with readable bytes behind it. */
static uint8_t *take_buffer(block *in, int64_t bytes) {
  uint8_t *buffer = take(in, bytes, 1, PLEAT_BLOCK_ALIGNMENT);
  take(in, PLEAT_BLOCK_ALIGNMENT, 1, 1);
  return buffer;
}

static pleat_status take_states(block *in, const pleat_model_desc *desc, const int64_t *largest,
                                pleat_session *session, pleat_error *error) {
  for (uint32_t i = 0; i < desc->state_count; ++i) {
    const pleat_state_desc *state = &desc->states[i];
    int64_t count;
    pleat_status status = pleat_rt_element_count(&state->tensor, largest, NULL, &count, error);
    if (status)
      return status;
    int64_t bytes = count * (int64_t)pleat_rt_type_bytes(state->tensor.type);
    int appended = state->kind == PLEAT_STATE_APPENDED;
    uint8_t *now = take_buffer(in, bytes), *next = appended ? now : take_buffer(in, bytes);
    if (session) {
      session->states[i] = now;
      session->next_states[i] = next;
      session->capacities[i] =
          appended ? pleat_rt_axis_size(&state->tensor.axes[state->axis], largest, NULL) : 0;
    }
  }
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_lay_out(const pleat_model_desc *desc, const int64_t *largest, int64_t threads,
                              pleat_session *session, size_t *bytes, pleat_error *error) {
  block in = {(uint8_t *)session, sizeof *session, 1};
  pleat_session measured; /* takes the NULLs of a measurement */
  pleat_session *out = session ? session : &measured;
  out->largest = take_sizes(&in, desc->dim_count);
  out->dims = take_sizes(&in, desc->dim_count);
  out->wanted = take_sizes(&in, desc->host_dim_count);
  out->sizes = take_sizes(&in, desc->expr_count);
  out->counts = take_sizes(&in, desc->input_count + desc->output_count);
  out->inputs = (const void **)take_pointers(&in, desc->input_count);
  out->outputs = (void **)take_pointers(&in, desc->output_count);
  out->held_dims = take_sizes(&in, desc->host_dim_count);
  out->lengths = take_sizes(&in, desc->state_count);
  out->capacities = take_sizes(&in, desc->state_count);
  out->states = take_pointers(&in, desc->state_count);
  out->next_states = take_pointers(&in, desc->state_count);
  pleat_status status = take_states(&in, desc, largest, session, error);
  if (status)
    return status;
  out->arena_bytes = desc->arena_bytes(largest, threads);
  out->frame.arena = take_buffer(&in, out->arena_bytes);
  if (!in.fits || (uint64_t)in.end > SIZE_MAX)
    return pleat_rt_fail(error, PLEAT_STATUS_TOO_LARGE,
                         "a session of model '%s' with these limits has more bytes than can be addressed",
                         desc->name);
  *bytes = (size_t)in.end;
  return PLEAT_STATUS_OK;
}
