/* Creates sessions. All memory is one block, asked for once, so that there is one failure to
 * handle and one number to tell beforehand. */
#include "runtime/src/core/session.h"

#include <string.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/layout.h"
#include "runtime/src/core/options.h"
#include "runtime/src/core/platform.h"
#include "runtime/src/core/state.h"

static pleat_status read_session_options(const pleat_session_options *given, pleat_session_options *options,
                                         pleat_executor *executor, pleat_allocator *allocator,
                                         pleat_error *error) {
  pleat_session_options_init(options);
  memset(executor, 0, sizeof *executor);
  pleat_status status =
      pleat_rt_read_options(given, options, sizeof *options, "pleat_session_options", error);
  if (status || (status = pleat_rt_read_allocator(options->allocator, allocator, error)) ||
      (status =
           pleat_rt_read_options(options->executor, executor, sizeof *executor, "pleat_executor", error)))
    return status;
  if (options->executor && (!executor->parallel_for || executor->threads < 1))
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "executor expects parallel_for and at least 1 thread, but has %" PRId64,
                         executor->threads);
  if (options->executor && options->threads)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "executor and threads are both set; give one");
  if (options->threads < 0)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "threads expects at least 0, but got %" PRId64,
                         options->threads);
  if (!options->executor)
    executor->threads = options->threads ? options->threads : 1;
  return PLEAT_STATUS_OK;
}

/* What session_bytes and session_create have in common. */
static pleat_status prepare(const pleat_model *model, const int64_t *given,
                            const pleat_session_options *given_options, pleat_session_options *options,
                            pleat_executor *executor, pleat_allocator *allocator, int64_t *largest,
                            size_t *bytes, pleat_error *error) {
  pleat_status status;
  if (!model)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "model expects an address, but got NULL");
  if ((status = read_session_options(given_options, options, executor, allocator, error)) ||
      (status = pleat_rt_resolve_largest(model->desc, given, largest, error)))
    return status;
  return pleat_rt_lay_out(model->desc, largest, executor->threads, NULL, bytes, error);
}

pleat_status pleat_rt_session_bytes(const pleat_model *model, const int64_t *given,
                                    const pleat_session_options *given_options, size_t *bytes,
                                    pleat_error *error) {
  pleat_session_options options;
  pleat_executor executor;
  pleat_allocator allocator;
  int64_t largest[PLEAT_MAX_DIMS];
  if (!bytes)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "bytes expects an address, but got NULL");
  return prepare(model, given, given_options, &options, &executor, &allocator, largest, bytes, error);
}

/* Points the frame at what stays the same in all runs. */
static void fill_frame(pleat_session *session) {
  pleat_frame *frame = &session->frame;
  frame->weights = session->model->weights;
  frame->dims = session->dims;
  frame->kernels = session->model->level->kernels;
  frame->threads = session->executor.threads;
  frame->executor = frame->threads > 1 ? &session->executor : NULL;
  frame->states = session->states;
  frame->next_states = session->next_states;
  frame->capacities = session->capacities;
}

pleat_status pleat_rt_session_create(const pleat_model *model, const int64_t *given,
                                     const pleat_session_options *given_options, pleat_session **out,
                                     pleat_error *error) {
  pleat_session_options options;
  pleat_executor executor, *pool = NULL;
  pleat_allocator allocator;
  int64_t largest[PLEAT_MAX_DIMS];
  size_t bytes;
  if (!out)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "session expects an address, but got NULL");
  pleat_status status =
      prepare(model, given, given_options, &options, &executor, &allocator, largest, &bytes, error);
  if (status)
    return status;

  pleat_session *session = allocator.allocate(allocator.self, bytes, PLEAT_BLOCK_ALIGNMENT);
  if (!session)
    return pleat_rt_fail(error, PLEAT_STATUS_OUT_OF_MEMORY, "no memory for a session of %" PRIu64 " bytes",
                         (uint64_t)bytes);
  if (executor.threads > 1 && !executor.parallel_for) {
    if ((status = pleat_rt_pool_create(executor.threads, &allocator, &pool, error))) {
      allocator.deallocate(allocator.self, session, bytes, PLEAT_BLOCK_ALIGNMENT);
      return status;
    }
    executor = *pool;
  }
  memset(session, 0, sizeof *session);
  session->model = model;
  session->allocator = allocator;
  session->bytes = bytes;
  session->executor = executor;
  session->pool = pool;
  /* Measured before with the same arguments, so it cannot fail. */
  (void)pleat_rt_lay_out(model->desc, largest, executor.threads, session, &bytes, NULL);
  memcpy(session->largest, largest, model->desc->dim_count * sizeof *largest);
  fill_frame(session);
  pleat_rt_states_reset(session);
  *out = session;
  return PLEAT_STATUS_OK;
}

void pleat_rt_session_destroy(pleat_session *session) {
  if (!session)
    return;
  pleat_allocator allocator = session->allocator;
  pleat_rt_pool_destroy(session->pool);
  allocator.deallocate(allocator.self, session, session->bytes, PLEAT_BLOCK_ALIGNMENT);
}
