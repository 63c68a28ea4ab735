/* Sessions without their states' history: limits, what a run checks, what it computes. */
#include <stdlib.h>

#include "runtime/src/core/session.h"
#include "runtime/src/core/shapes.h"
#include "test/runtime/check.h"
#include "test/runtime/probe.h"

static uint8_t bytes[IMAGE_MOST_BYTES] __attribute__((aligned(64)));
static pleat_model_desc desc;
static pleat_model *model;
static pleat_error error;

/* Buffers of one run with room for the largest dimensions. */
static int64_t ids[4 * 16];
static float x[4 * 32], bias, sums[4], totals[7 * 4];
static int32_t rest[4 * 12];
static const void *inputs[] = {ids, x, &bias};
static void *outputs[] = {sums, totals, rest};

static pleat_session *create(void) {
  pleat_session *session = NULL;
  CHECK_OK(pleat_rt_session_create(model, NULL, NULL, &session, &error));
  return session;
}

static pleat_status run(pleat_session *session, int64_t batch, int64_t length) {
  const int64_t dims[] = {batch, length};
  return pleat_rt_session_run(session, inputs, outputs, dims, &error);
}

static void fill(void) {
  for (int i = 0; i < 64; ++i)
    ids[i] = i % 2 ? -1 : 1; /* table[9] and table[1] */
  for (int i = 0; i < 128; ++i)
    x[i] = 0.5f;
  bias = 0.25f;
}

static void a_run_computes(void) {
  pleat_session *session = create();
  fill();
  CHECK_OK(run(session, 3, 8));
  for (int b = 0; b < 3; ++b)
    CHECK(sums[b] == 4 * 10 + 16 * 0.5f + 0.25f);
  CHECK(rest[0] == 7 && rest[11] == 7);
  pleat_rt_session_destroy(session);
}

static void sizes_may_change_from_run_to_run(void) {
  pleat_session *session = create();
  fill();
  for (int64_t length = 4; length <= 16; length += 4) {
    CHECK_OK(run(session, 1, length));
    CHECK_OK(pleat_rt_session_run(session, inputs, outputs, (const int64_t[]){1, length}, NULL));
    pleat_rt_session_destroy(session);
    session = create();
  }
  pleat_rt_session_destroy(session);
}

static void empty_tensors_need_no_buffer(void) {
  pleat_session *session = create();
  const void *const in[] = {NULL, NULL, &bias};
  void *const out[] = {NULL, NULL, NULL};
  CHECK_OK(pleat_rt_session_run(session, in, out, (const int64_t[]){0, 4}, &error));
  pleat_rt_session_destroy(session);
}

static void dims_outside_their_range(void) {
  pleat_session *session = create();
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'batch' expects 0 to 4 in this session, but got 5", error,
              run(session, 5, 4));
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'batch' expects 0 to 4 in this session, but got -1", error,
              run(session, -1, 4));
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'length' expects 4 to 16 in this session, but got 3", error,
              run(session, 1, 3));
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'length' expects 4 plus a multiple of 4, but got 6", error,
              run(session, 1, 6));
  CHECK(run(session, INT64_MAX, INT64_MIN) == PLEAT_STATUS_DIM_OUT_OF_RANGE);
  fill();
  CHECK_OK(run(session, 1, 4));
  CHECK(run(session, 1, 3) == PLEAT_STATUS_DIM_OUT_OF_RANGE);
  CHECK_OK(run(session, 1, 4));
  pleat_rt_session_destroy(session);
}

static void limits_of_a_session(void) {
  pleat_session *session = NULL;
  size_t small = 0, full = 0;
  CHECK_OK(pleat_rt_session_bytes(model, (const int64_t[]){2, 8, 0}, NULL, &small, &error));
  CHECK_OK(pleat_rt_session_bytes(model, NULL, NULL, &full, &error));
  CHECK(small < full);
  CHECK_OK(pleat_rt_session_create(model, (const int64_t[]){2, 8, 0}, NULL, &session, &error));
  CHECK_OK(run(session, 2, 8));
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'batch' expects 0 to 2 in this session, but got 3", error,
              run(session, 3, 8));
  pleat_rt_session_destroy(session);
  session = NULL;
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'batch' expects 0 to 4 as a session's largest, but got 5", error,
              pleat_rt_session_create(model, (const int64_t[]){5, 0, 0}, NULL, &session, &error));
  CHECK_FAILS(DIM_OUT_OF_RANGE, "dimension 'length' expects 4 to 16 as a session's largest, but got 3", error,
              pleat_rt_session_create(model, (const int64_t[]){0, 3, 0}, NULL, &session, &error));
  CHECK(session == NULL);
}

static void a_dim_without_bound_must_be_limited(void) {
  static const pleat_dim_desc unbounded[] = {{"batch", 0, 0, 1}, {"length", 4, 16, 4}, {"past", 0, 6, 1}};
  pleat_model_desc other = desc;
  other.dims = unbounded;
  pleat_model *loaded = probe_load(&other, probe_image(bytes));
  pleat_session *session = NULL;
  CHECK_FAILS(INVALID_ARGUMENT, "dimension 'batch' has no upper bound; say how large it gets in this session",
              error, pleat_rt_session_create(loaded, NULL, NULL, &session, &error));
  CHECK_OK(pleat_rt_session_create(loaded, (const int64_t[]){100, 0, 0}, NULL, &session, &error));
  pleat_rt_session_destroy(session);
  CHECK_FAILS(TOO_LARGE, "tensor 'hidden' has more bytes than can be addressed", error,
              pleat_rt_session_create(loaded, (const int64_t[]){INT64_MAX, 0, 0}, NULL, &session, &error));
  CHECK_FAILS(
      TOO_LARGE, "a session of model 'probe' with these limits has more bytes than can be addressed", error,
      pleat_rt_session_create(loaded, (const int64_t[]){INT64_MAX / 48, 0, 0}, NULL, &session, &error));
  pleat_rt_model_destroy(loaded);
}

static int64_t no_arena(const int64_t *dims, int64_t threads) { return -1; }
static int64_t shrinking_arena(const int64_t *dims, int64_t threads) { return 1000 - dims[0]; }

static void a_plan_that_does_not_fit_is_not_run(void) {
  pleat_model_desc other = desc;
  pleat_model *loaded = probe_load(&other, probe_image(bytes));
  pleat_session *session = NULL;
  other.arena_bytes = no_arena;
  CHECK(pleat_rt_session_create(loaded, NULL, NULL, &session, &error) == PLEAT_STATUS_TOO_LARGE);
  other.arena_bytes = shrinking_arena;
  CHECK_OK(pleat_rt_session_create(loaded, NULL, NULL, &session, &error));
  CHECK_FAILS(TOO_LARGE, "these dimensions need 999 bytes of arena, but the session has 996", error,
              run(session, 1, 4));
  pleat_rt_session_destroy(session);
  pleat_rt_model_destroy(loaded);
}

static void negative_sizes(const int64_t *dims, int64_t *sizes) {
  sizes[0] = -2;
  sizes[1] = sizes[2] = 1;
}
static void enormous_sizes(const int64_t *dims, int64_t *sizes) {
  sizes[0] = INT64_MAX / 3;
  sizes[1] = sizes[2] = 1;
}

static void computed_sizes_are_checked(void) {
  pleat_model_desc other = desc;
  pleat_model *loaded = probe_load(&other, probe_image(bytes));
  pleat_session *session = NULL;
  other.eval_sizes = negative_sizes;
  CHECK_OK(pleat_rt_session_create(loaded, NULL, NULL, &session, &error));
  CHECK_FAILS(DIM_OUT_OF_RANGE, "tensor 'x' axis 1 expects a size of at least 0, but gets -2", error,
              run(session, 1, 4));
  other.eval_sizes = enormous_sizes;
  CHECK_FAILS(TOO_LARGE, "tensor 'x' has more bytes than can be addressed", error, run(session, 1, 4));
  pleat_rt_session_destroy(session);
  pleat_rt_model_destroy(loaded);
}

static void sizes_that_must_be_equal(void) {
  /* length - 4 == batch. */
  static const pleat_size_check checks[] = {
      {"length - 4", "batch", {PLEAT_AXIS_EXPR, 1}, {PLEAT_AXIS_DIM, 0}}};
  pleat_model_desc changed = desc;
  changed.size_check_count = 1;
  changed.size_checks = checks;
  pleat_model *strict = probe_load(&changed, probe_image(bytes));
  pleat_session *session = NULL;
  CHECK_OK(pleat_rt_session_create(strict, NULL, NULL, &session, &error));
  CHECK_OK(run(session, 4, 8));
  CHECK_FAILS(SHAPE_MISMATCH, "the model expects sizes 'length - 4' and 'batch' to be equal, but got 8 and 4",
              error, run(session, 4, 12));
  CHECK_OK(run(session, 4, 8));
  pleat_rt_session_destroy(session);
  pleat_rt_model_destroy(strict);
}

static void ids_outside_the_table(void) {
  pleat_session *session = create();
  fill();
  ids[0] = -10;
  ids[1] = 9;
  CHECK_OK(run(session, 2, 4));
  ids[7] = 10;
  CHECK_FAILS(ID_OUT_OF_RANGE, "input 'input.ids' expects ids from -10 to 9, but has 10 at element 7", error,
              run(session, 2, 4));
  ids[7] = INT64_MIN;
  CHECK_FAILS(ID_OUT_OF_RANGE,
              "input 'input.ids' expects ids from -10 to 9, but has -9223372036854775808 at element 7", error,
              run(session, 2, 4));
  ids[7] = 0;
  ids[8] = 99; /* beyond the run's two rows of four */
  CHECK_OK(run(session, 2, 4));
  pleat_rt_session_destroy(session);
}

static void buffers_that_cannot_be_used(void) {
  pleat_session *session = create();
  fill();
  const int64_t dims[] = {1, 4};
  const void *in[] = {ids, (const char *)x + 2, &bias};
  void *out[] = {sums, totals, rest};
  CHECK_FAILS(INVALID_ARGUMENT, "input 'x' expects an address aligned to its elements, but got another",
              error, pleat_rt_session_run(session, in, out, dims, &error));
  in[1] = NULL;
  CHECK_FAILS(INVALID_ARGUMENT, "input 'x' expects an address aligned to its elements, but got NULL", error,
              pleat_rt_session_run(session, in, out, dims, &error));
  in[1] = x;
  out[0] = NULL;
  CHECK_FAILS(INVALID_ARGUMENT, "output 'sums' expects an address aligned to its elements, but got NULL",
              error, pleat_rt_session_run(session, in, out, dims, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "inputs and outputs expect addresses, but got NULL", error,
              pleat_rt_session_run(session, NULL, out, dims, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "dims expects an address, but got NULL", error,
              pleat_rt_session_run(session, in, out, NULL, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "session expects an address, but got NULL", error,
              pleat_rt_session_run(NULL, in, out, dims, &error));
  pleat_rt_session_destroy(session);
}

static void tensors(pleat_tensor *in, pleat_tensor *out) {
  const pleat_tensor views[] = {{PLEAT_I64, 2, {2, 8}, ids},    {PLEAT_F32, 2, {2, 16}, x},
                                {PLEAT_F32, 0, {0}, &bias},     {PLEAT_F32, 1, {2}, sums},
                                {PLEAT_F32, 2, {1, 2}, totals}, {PLEAT_I32, 2, {2, 4}, rest}};
  memcpy(in, views, 3 * sizeof *views);
  memcpy(out, views + 3, 3 * sizeof *views);
}

static void tensors_say_their_dims(void) {
  pleat_session *session = create();
  pleat_tensor in[3], out[3], shapes[3];
  int64_t dims[2];
  fill();
  tensors(in, out);
  CHECK_OK(pleat_rt_dims_of(&desc, in, dims, &error));
  CHECK(dims[0] == 2 && dims[1] == 8);
  memset(shapes, 0, sizeof shapes);
  CHECK_OK(pleat_rt_session_output_shapes(session, dims, shapes, &error));
  for (int i = 0; i < 3; ++i) {
    CHECK(shapes[i].type == out[i].type && shapes[i].rank == out[i].rank);
    CHECK(memcmp(shapes[i].shape, out[i].shape, (size_t)out[i].rank * 8) == 0);
  }
  sums[0] = 0;
  CHECK_OK(pleat_rt_session_run_tensors(session, in, out, &error));
  CHECK(sums[0] == 4 * 10 + 16 * 0.5f + 0.25f);
  pleat_rt_session_destroy(session);
}

static void tensors_of_other_shapes(void) {
  pleat_session *session = create();
  pleat_tensor in[3], out[3];
  fill();
  tensors(in, out);
  in[0].type = PLEAT_I32;
  CHECK_FAILS(SHAPE_MISMATCH, "input 'input.ids' expects element type 7, but got 6", error,
              pleat_rt_session_run_tensors(session, in, out, &error));
  tensors(in, out);
  in[2].rank = 1;
  CHECK_FAILS(SHAPE_MISMATCH, "input 'bias' expects rank 0, but got 1", error,
              pleat_rt_session_run_tensors(session, in, out, &error));
  tensors(in, out);
  in[1].shape[0] = 3;
  CHECK_FAILS(SHAPE_MISMATCH, "input 'x' axis 0 expects size 2, but got 3", error,
              pleat_rt_session_run_tensors(session, in, out, &error));
  tensors(in, out);
  in[1].shape[1] = 15;
  CHECK_FAILS(SHAPE_MISMATCH, "input 'x' axis 1 expects size 16, but got 15", error,
              pleat_rt_session_run_tensors(session, in, out, &error));
  tensors(in, out);
  in[0].shape[1] = -8;
  CHECK(pleat_rt_session_run_tensors(session, in, out, &error) == PLEAT_STATUS_SHAPE_MISMATCH);
  tensors(in, out);
  out[2].shape[1] = 5;
  CHECK_FAILS(SHAPE_MISMATCH, "output 'rest' axis 1 expects size 4, but got 5", error,
              pleat_rt_session_run_tensors(session, in, out, &error));
  pleat_rt_session_destroy(session);
}

static void executors_must_be_whole(void) {
  pleat_executor half = {sizeof half, NULL, 2, NULL};
  pleat_session_options options;
  pleat_session *session = NULL;
  pleat_session_options_init(&options);
  options.executor = &half;
  CHECK_FAILS(INVALID_ARGUMENT, "executor expects parallel_for and at least 1 thread, but has 2", error,
              pleat_rt_session_create(model, NULL, &options, &session, &error));
  options.executor = NULL;
  options.threads = -1;
  CHECK_FAILS(INVALID_ARGUMENT, "threads expects at least 0, but got -1", error,
              pleat_rt_session_create(model, NULL, &options, &session, &error));
  options.threads = 100000;
  CHECK_FAILS(INVALID_ARGUMENT, "threads expects 1 to 1024, but got 100000", error,
              pleat_rt_session_create(model, NULL, &options, &session, &error));
}

/* An executor that runs the parts backwards, as the contract allows. */
static void backwards(void *self, int64_t n, void (*fn)(void *ctx, int64_t i), void *ctx) {
  ++*(int *)self;
  while (n-- > 0)
    fn(ctx, n);
}

static void a_host_executor_runs_the_parts(void) {
  int calls = 0;
  pleat_executor executor = {sizeof executor, &calls, 3, backwards};
  pleat_session_options options;
  pleat_session *session = NULL;
  pleat_session_options_init(&options);
  options.executor = &executor;
  fill();
  CHECK_OK(pleat_rt_session_create(model, NULL, &options, &session, &error));
  memset(&executor, 0, sizeof executor); /* it was copied */
  CHECK_OK(run(session, 4, 4));
  CHECK(calls == 1);
  for (int b = 0; b < 4; ++b)
    CHECK(sums[b] == 2 * 10 + 8 * 0.5f + 0.25f);
  pleat_rt_session_destroy(session);
}

static void null_is_harmless(void) {
  pleat_rt_session_destroy(NULL);
  CHECK_FAILS(INVALID_ARGUMENT, "model expects an address, but got NULL", error,
              pleat_rt_session_create(NULL, NULL, NULL, &(pleat_session *){NULL}, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "session expects an address, but got NULL", error,
              pleat_rt_session_create(model, NULL, NULL, NULL, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "bytes expects an address, but got NULL", error,
              pleat_rt_session_bytes(model, NULL, NULL, NULL, &error));
}

int main(void) {
  desc = probe_descriptor();
  model = probe_load(&desc, probe_image(bytes));
  RUN_TEST(a_run_computes);
  RUN_TEST(sizes_may_change_from_run_to_run);
  RUN_TEST(empty_tensors_need_no_buffer);
  RUN_TEST(dims_outside_their_range);
  RUN_TEST(limits_of_a_session);
  RUN_TEST(a_dim_without_bound_must_be_limited);
  RUN_TEST(a_plan_that_does_not_fit_is_not_run);
  RUN_TEST(computed_sizes_are_checked);
  RUN_TEST(sizes_that_must_be_equal);
  RUN_TEST(ids_outside_the_table);
  RUN_TEST(buffers_that_cannot_be_used);
  RUN_TEST(tensors_say_their_dims);
  RUN_TEST(tensors_of_other_shapes);
  RUN_TEST(executors_must_be_whole);
  RUN_TEST(a_host_executor_runs_the_parts);
  RUN_TEST(null_is_harmless);
  pleat_rt_model_destroy(model);
  return TEST_RESULT();
}
