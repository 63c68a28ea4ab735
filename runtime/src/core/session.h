/* A session: everything that changes while a model runs, in one block of memory. */
#ifndef PLEAT_CORE_SESSION_H
#define PLEAT_CORE_SESSION_H

#include "runtime/src/core/model.h"

typedef struct pleat_session {
  const pleat_model *model;
  pleat_allocator allocator;
  size_t bytes; /* of the block, this struct included */
  pleat_executor executor;
  pleat_executor *pool; /* the executor if the session made it, else NULL */
  pleat_frame frame;
  int64_t arena_bytes;
  int bound; /* dims, sizes and counts belong together and have been checked */

  /* Arrays in the block, counted as in the descriptor. */
  int64_t *largest;    /* dim_count: what dims may grow to */
  int64_t *dims;       /* dim_count: those of the last run */
  int64_t *wanted;     /* host_dim_count: room for dimensions derived from tensors */
  int64_t *sizes;      /* expr_count */
  int64_t *counts;     /* input_count + output_count: elements of each */
  const void **inputs; /* room for the pointers of run_tensors */
  void **outputs;
  int64_t *held_dims;  /* host_dim_count: those that the states' content has; -1 where free */
  int64_t *lengths;    /* state_count: rows filled of an appended state */
  int64_t *capacities; /* state_count */
  uint8_t **states;    /* state_count */
  uint8_t **next_states;
} pleat_session;

/* NAME_session_bytes: what session_create will ask the allocator for with these arguments (a
 * pool of its own, wanted by options->threads, comes on top). */
pleat_status pleat_rt_session_bytes(const pleat_model *model, const int64_t *largest,
                                    const pleat_session_options *options, size_t *bytes, pleat_error *error);

/* NAME_session_create. `largest` bounds the dimensions of the runs, one entry for each of the
 * model's dimensions, those of states included (their capacities); 0 or no array at all stands
 * for the declared upper bound. `model` is borrowed until the session is destroyed. */
pleat_status pleat_rt_session_create(const pleat_model *model, const int64_t *largest,
                                     const pleat_session_options *options, pleat_session **session,
                                     pleat_error *error);

void pleat_rt_session_destroy(pleat_session *session);

/* NAME_session_run: one run on dense buffers whose shapes follow from `dims`, one entry a
 * dimension of the host. A buffer of no elements may be NULL. Outputs overlap no other buffer. */
pleat_status pleat_rt_session_run(pleat_session *session, const void *const *inputs, void *const *outputs,
                                  const int64_t *dims, pleat_error *error);

/* NAME_session_run_tensors: the same with dimensions from the inputs' shapes; all types and
 * shapes are checked, outputs' included. */
pleat_status pleat_rt_session_run_tensors(pleat_session *session, const pleat_tensor *inputs,
                                          const pleat_tensor *outputs, pleat_error *error);

/* NAME_session_output_shapes: fills in type, rank and shape of each output of a run with
 * `dims`, and leaves the data pointers alone. */
pleat_status pleat_rt_session_output_shapes(pleat_session *session, const int64_t *dims,
                                            pleat_tensor *outputs, pleat_error *error);

/* Checks `dims` with the states' lengths and computes all that follows from them. */
pleat_status pleat_rt_session_bind(pleat_session *session, const int64_t *dims, pleat_error *error);

#endif
