/* One run: everything that generated code takes for granted is checked here, and what does
 * not change from run to run is checked once. */
#include <string.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/ids.h"
#include "runtime/src/core/session.h"
#include "runtime/src/core/shapes.h"
#include "runtime/src/core/state.h"

static pleat_status count_elements(pleat_session *session, pleat_error *error) {
  const pleat_model_desc *desc = session->model->desc;
  pleat_status status = PLEAT_STATUS_OK;
  for (uint32_t i = 0; !status && i < desc->input_count; ++i)
    status =
        pleat_rt_element_count(&desc->inputs[i], session->dims, session->sizes, &session->counts[i], error);
  for (uint32_t i = 0; !status && i < desc->output_count; ++i)
    status = pleat_rt_element_count(&desc->outputs[i], session->dims, session->sizes,
                                    &session->counts[desc->input_count + i], error);
  return status;
}

pleat_status pleat_rt_session_bind(pleat_session *session, const int64_t *dims, pleat_error *error) {
  const pleat_model_desc *desc = session->model->desc;
  size_t bytes = desc->host_dim_count * sizeof *dims;
  pleat_status status;
  if (bytes && !dims)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "dims expects an address, but got NULL");
  if (session->bound && (!bytes || memcmp(dims, session->dims, bytes) == 0))
    return PLEAT_STATUS_OK;
  session->bound = 0;
  if ((status = pleat_rt_check_dims(desc, dims, session->largest, error)))
    return status;
  if (bytes)
    memcpy(session->dims, dims, bytes);
  if ((status = pleat_rt_states_begin(session, error)))
    return status;
  if (desc->eval_sizes)
    desc->eval_sizes(session->dims, session->sizes);
  if ((status = pleat_rt_check_sizes(desc, session->dims, session->sizes, error)))
    return status;
  if ((status = count_elements(session, error)) || (status = pleat_rt_states_check(session, error)))
    return status;
  int64_t arena = desc->arena_bytes(session->dims, session->frame.threads);
  if (arena < 0 || arena > session->arena_bytes)
    return pleat_rt_fail(error, PLEAT_STATUS_TOO_LARGE,
                         "these dimensions need %" PRId64 " bytes of arena, but the session has %" PRId64,
                         arena, session->arena_bytes);
  session->bound = 1;
  return PLEAT_STATUS_OK;
}

static pleat_status check_buffer(const pleat_tensor_desc *tensor, const char *kind, const void *data,
                                 int64_t count, pleat_error *error) {
  /* Element sizes are powers of two; a division would cost more than all the rest. */
  if (count == 0 || (data && ((uintptr_t)data & (pleat_rt_type_bytes(tensor->type) - 1)) == 0))
    return PLEAT_STATUS_OK;
  return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                       "%s '%s' expects an address aligned to its elements, but got %s", kind, tensor->name,
                       data ? "another" : "NULL");
}

static pleat_status check_buffers(const pleat_session *session, const void *const *inputs,
                                  void *const *outputs, pleat_error *error) {
  const pleat_model_desc *desc = session->model->desc;
  const int64_t *counts = session->counts;
  pleat_status status;
  if ((desc->input_count && !inputs) || (desc->output_count && !outputs))
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "inputs and outputs expect addresses, but got NULL");
  for (uint32_t i = 0; i < desc->input_count; ++i)
    if ((status = check_buffer(&desc->inputs[i], "input", inputs[i], counts[i], error)))
      return status;
  for (uint32_t i = 0; i < desc->output_count; ++i)
    if ((status =
             check_buffer(&desc->outputs[i], "output", outputs[i], counts[desc->input_count + i], error)))
      return status;
  for (uint32_t i = 0; i < desc->id_check_count; ++i) {
    const pleat_id_check *check = &desc->id_checks[i];
    if ((status = pleat_rt_check_ids(&desc->inputs[check->input], inputs[check->input], counts[check->input],
                                     check->rows, error)))
      return status;
  }
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_session_run(pleat_session *session, const void *const *inputs, void *const *outputs,
                                  const int64_t *dims, pleat_error *error) {
  pleat_status status;
  if (!session)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "session expects an address, but got NULL");
  if ((status = pleat_rt_session_bind(session, dims, error)) ||
      (status = check_buffers(session, inputs, outputs, error)))
    return status;
  session->frame.inputs = inputs;
  session->frame.outputs = outputs;
  session->model->desc->run(&session->frame);
  pleat_rt_states_end(session);
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_session_run_tensors(pleat_session *session, const pleat_tensor *inputs,
                                          const pleat_tensor *outputs, pleat_error *error) {
  pleat_status status;
  if (!session)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "session expects an address, but got NULL");
  const pleat_model_desc *desc = session->model->desc;
  if ((desc->input_count && !inputs) || (desc->output_count && !outputs))
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "inputs and outputs expect addresses, but got NULL");
  if ((status = pleat_rt_dims_of(desc, inputs, session->wanted, error)) ||
      (status = pleat_rt_session_bind(session, session->wanted, error)))
    return status;
  for (uint32_t i = 0; i < desc->input_count; ++i) {
    if ((status = pleat_rt_check_tensor(&desc->inputs[i], "input", &inputs[i], session->dims, session->sizes,
                                        error)))
      return status;
    session->inputs[i] = inputs[i].data;
  }
  for (uint32_t i = 0; i < desc->output_count; ++i) {
    if ((status = pleat_rt_check_tensor(&desc->outputs[i], "output", &outputs[i], session->dims,
                                        session->sizes, error)))
      return status;
    session->outputs[i] = outputs[i].data;
  }
  return pleat_rt_session_run(session, session->inputs, session->outputs, session->wanted, error);
}

pleat_status pleat_rt_session_output_shapes(pleat_session *session, const int64_t *dims,
                                            pleat_tensor *outputs, pleat_error *error) {
  if (!session || !outputs)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "session and outputs expect addresses, but got NULL");
  pleat_status status = pleat_rt_session_bind(session, dims, error);
  if (status)
    return status;
  const pleat_model_desc *desc = session->model->desc;
  for (uint32_t i = 0; i < desc->output_count; ++i) {
    const pleat_tensor_desc *output = &desc->outputs[i];
    outputs[i].type = (int32_t)output->type;
    outputs[i].rank = (int32_t)output->rank;
    for (uint32_t a = 0; a < output->rank; ++a)
      outputs[i].shape[a] = pleat_rt_axis_size(&output->axes[a], session->dims, session->sizes);
  }
  return PLEAT_STATUS_OK;
}
