/* The functions a model exports. The compiler links this file's bitcode into each model,
 * supplies pleat_entry_descriptor, and renames the functions pleat_entry_* to NAME_*;
 * everything else becomes internal.
 *
 * NAME.h declares them with types of its own that have the same form: NAME_model and
 * NAME_session (never defined) for pleat_model and pleat_session; a struct of typed pointers
 * each for inputs and outputs; a struct of int64_t for `dims` (the host's dimensions) and one
 * for `largest` (all dimensions), fields in the descriptor's order. Where a model has no
 * dimensions, inputs or outputs the argument is NULL. The contracts are those of the
 * pleat_rt_* function that each one calls. */
#include "runtime/src/core/fail.h"
#include "runtime/src/core/options.h"
#include "runtime/src/core/platform.h"
#include "runtime/src/core/session.h"
#include "runtime/src/core/shapes.h"
#include "runtime/src/core/state.h"

/* Tests compile this file with a prefix for each model of theirs. */
#ifndef PLEAT_ENTRY_PREFIX
#define PLEAT_ENTRY_PREFIX pleat_entry
#endif
#define PASTE(prefix, name) prefix##_##name
#define EXPAND(prefix, name) PASTE(prefix, name)
#define ENTRY(name) EXPAND(PLEAT_ENTRY_PREFIX, name)
#define EXPORT __attribute__((visibility("default")))

extern const pleat_model_desc ENTRY(descriptor);

EXPORT pleat_status ENTRY(model_load)(const pleat_load_options *options, pleat_model **model,
                                      pleat_error *error) {
  return pleat_rt_model_load(&ENTRY(descriptor), options, model, error);
}

EXPORT void ENTRY(model_destroy)(pleat_model *model) { pleat_rt_model_destroy(model); }

EXPORT pleat_status ENTRY(model_info)(const pleat_model *model, pleat_model_info *info, pleat_error *error) {
  return pleat_rt_model_info(model, info, error);
}

EXPORT pleat_status ENTRY(session_bytes)(const pleat_model *model, const int64_t *largest,
                                         const pleat_session_options *options, size_t *bytes,
                                         pleat_error *error) {
  return pleat_rt_session_bytes(model, largest, options, bytes, error);
}

EXPORT pleat_status ENTRY(session_create)(const pleat_model *model, const int64_t *largest,
                                          const pleat_session_options *options, pleat_session **session,
                                          pleat_error *error) {
  return pleat_rt_session_create(model, largest, options, session, error);
}

EXPORT void ENTRY(session_destroy)(pleat_session *session) { pleat_rt_session_destroy(session); }

EXPORT pleat_status ENTRY(session_run)(pleat_session *session, const void *const *inputs,
                                       void *const *outputs, const int64_t *dims, pleat_error *error) {
  return pleat_rt_session_run(session, inputs, outputs, dims, error);
}

/* For hosts that learn shapes at run time: dimensions from inputs, shapes from dimensions, and
 * a run that checks both. The arrays have one entry an input or output. */

EXPORT pleat_status ENTRY(dims_of)(const pleat_tensor *inputs, int64_t *dims, pleat_error *error) {
  if (!inputs || !dims)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "inputs and dims expect addresses, but got NULL");
  return pleat_rt_dims_of(&ENTRY(descriptor), inputs, dims, error);
}

EXPORT pleat_status ENTRY(session_output_shapes)(pleat_session *session, const int64_t *dims,
                                                 pleat_tensor *outputs, pleat_error *error) {
  return pleat_rt_session_output_shapes(session, dims, outputs, error);
}

EXPORT pleat_status ENTRY(session_run_tensors)(pleat_session *session, const pleat_tensor *inputs,
                                               const pleat_tensor *outputs, pleat_error *error) {
  return pleat_rt_session_run_tensors(session, inputs, outputs, error);
}

/* States; `state` is an index into the descriptor's. NAME.h declares these for models that
 * have states. */

EXPORT pleat_status ENTRY(session_reset)(pleat_session *session, pleat_error *error) {
  return pleat_rt_session_reset(session, error);
}

EXPORT pleat_status ENTRY(state_shape)(const pleat_session *session, uint32_t state, pleat_tensor *tensor,
                                       pleat_error *error) {
  return pleat_rt_state_shape(session, state, tensor, error);
}

EXPORT pleat_status ENTRY(state_get)(const pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                     pleat_error *error) {
  return pleat_rt_state_get(session, state, tensor, error);
}

EXPORT pleat_status ENTRY(state_set)(pleat_session *session, uint32_t state, const pleat_tensor *tensor,
                                     pleat_error *error) {
  return pleat_rt_state_set(session, state, tensor, error);
}

EXPORT pleat_status ENTRY(state_truncate)(pleat_session *session, uint32_t state, int64_t length,
                                          pleat_error *error) {
  return pleat_rt_state_truncate(session, state, length, error);
}

/* A pool that several sessions, of this model or others, may share through their options. */

EXPORT pleat_status ENTRY(pool_create)(int64_t threads, const pleat_allocator *given, pleat_executor **pool,
                                       pleat_error *error) {
  pleat_allocator allocator;
  pleat_status status = pleat_rt_read_allocator(given, &allocator, error);
  return status ? status : pleat_rt_pool_create(threads, &allocator, pool, error);
}

EXPORT void ENTRY(pool_destroy)(pleat_executor *pool) { pleat_rt_pool_destroy(pool); }
