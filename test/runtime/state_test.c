/* States over several runs: what the probe's hidden and history hold, and their limits. */
#include "runtime/src/core/state.h"

#include "test/runtime/check.h"
#include "test/runtime/probe.h"

enum { HIDDEN, HISTORY };

static uint8_t bytes[IMAGE_MOST_BYTES] __attribute__((aligned(64)));
static pleat_model_desc desc;
static pleat_model *model;
static pleat_error error;
static int64_t ids[4 * 16];
static float x[4 * 32], bias, sums[4], totals[7 * 4], content[2 * 6 * 4];

static pleat_session *create(void) {
  pleat_session *session = NULL;
  CHECK_OK(pleat_rt_session_create(model, NULL, NULL, &session, &error));
  return session;
}

/* Rows differ by `x`: row b of a run adds 8 b to what is hidden, and the bias. */
static pleat_status run(pleat_session *session, int64_t batch, float with_bias) {
  const void *const inputs[] = {ids, x, &bias};
  void *const outputs[] = {sums, totals, NULL};
  const int64_t dims[] = {batch, 4};
  bias = with_bias;
  for (int64_t b = 0; b < batch; ++b)
    for (int i = 0; i < 8; ++i)
      x[8 * b + i] = (float)b;
  return pleat_rt_session_run(session, inputs, outputs, dims, &error);
}

static pleat_tensor history(int64_t past, int64_t batch) {
  pleat_tensor view = {PLEAT_F32, 3, {2, past, batch}, content};
  return view;
}

static pleat_tensor hidden(int64_t batch) {
  pleat_tensor view = {PLEAT_F32, 1, {batch}, content};
  return view;
}

static void runs_accumulate(void) {
  pleat_session *session = create();
  CHECK_OK(run(session, 2, 1));
  CHECK(sums[0] == 1 && sums[1] == 9);
  CHECK(totals[0] == 3 && totals[1] == 27);
  CHECK_OK(run(session, 2, 1));
  CHECK(sums[0] == 2 && sums[1] == 18);
  CHECK(totals[0] == 3 && totals[1] == 27 && totals[2] == 6 && totals[3] == 54);
  pleat_rt_session_destroy(session);
}

static void content_comes_out_dense(void) {
  pleat_session *session = create();
  pleat_tensor shape;
  CHECK_OK(run(session, 2, 1));
  CHECK_OK(run(session, 2, 1));
  CHECK_OK(pleat_rt_state_shape(session, HISTORY, &shape, &error));
  CHECK(shape.type == PLEAT_F32 && shape.rank == 3);
  CHECK(shape.shape[0] == 2 && shape.shape[1] == 2 && shape.shape[2] == 2);
  shape.data = content;
  CHECK_OK(pleat_rt_state_get(session, HISTORY, &shape, &error));
  static const float expected[] = {1, 9, 2, 18, 2, 18, 4, 36};
  CHECK(memcmp(content, expected, sizeof expected) == 0);
  pleat_tensor one = hidden(2);
  CHECK_OK(pleat_rt_state_get(session, HIDDEN, &one, &error));
  CHECK(content[0] == 2 && content[1] == 18);
  pleat_rt_session_destroy(session);
}

static void content_can_be_set(void) {
  pleat_session *session = create();
  for (int i = 0; i < 2 * 3 * 2; ++i)
    content[i] = (float)i;
  pleat_tensor past = history(3, 2), now = hidden(2);
  CHECK_OK(pleat_rt_state_set(session, HISTORY, &past, &error));
  content[0] = 100;
  content[1] = 200;
  CHECK_OK(pleat_rt_state_set(session, HIDDEN, &now, &error));
  CHECK_OK(run(session, 2, 0));
  CHECK(sums[0] == 100 && sums[1] == 208);
  static const float expected[] = {0 + 6, 1 + 7, 2 + 8, 3 + 9, 4 + 10, 5 + 11, 300, 624};
  CHECK(memcmp(totals, expected, sizeof expected) == 0);
  pleat_rt_session_destroy(session);
}

static void a_full_state_refuses_and_keeps_its_content(void) {
  pleat_session *session = create();
  for (int i = 0; i < 6; ++i)
    CHECK_OK(run(session, 1, 1));
  CHECK_FAILS(STATE_FULL, "state 'history' would grow to length 7, but has room for 6", error,
              run(session, 1, 1));
  pleat_tensor now = hidden(1);
  CHECK_OK(pleat_rt_state_get(session, HIDDEN, &now, &error));
  CHECK(content[0] == 6);
  CHECK_OK(pleat_rt_session_reset(session, &error));
  CHECK_OK(run(session, 1, 1));
  CHECK(sums[0] == 1);
  pleat_rt_session_destroy(session);
}

static void a_smaller_session_has_less_room(void) {
  pleat_session *session = NULL;
  CHECK_OK(pleat_rt_session_create(model, (const int64_t[]){0, 0, 2}, NULL, &session, &error));
  CHECK_OK(run(session, 4, 1));
  CHECK_OK(run(session, 4, 1));
  CHECK(totals[4] == 6 && totals[7] == 6 + 3 * 48);
  CHECK_FAILS(STATE_FULL, "state 'history' would grow to length 3, but has room for 2", error,
              run(session, 4, 1));
  pleat_rt_session_destroy(session);
}

static void a_failed_run_changes_no_state(void) {
  pleat_session *session = create();
  CHECK_OK(run(session, 1, 1));
  ids[2] = PROBE_ROWS;
  CHECK(run(session, 1, 1) == PLEAT_STATUS_ID_OUT_OF_RANGE);
  ids[2] = 0;
  CHECK_OK(run(session, 1, 1));
  CHECK(sums[0] == 2);
  pleat_rt_session_destroy(session);
}

static void dims_of_states_hold_until_a_reset(void) {
  pleat_session *session = create();
  CHECK_OK(run(session, 2, 1));
  CHECK_FAILS(SHAPE_MISMATCH,
              "the states hold dimension 'batch' of size 2, but got 3; reset the session first", error,
              run(session, 3, 1));
  pleat_tensor other = hidden(3);
  CHECK(pleat_rt_state_set(session, HIDDEN, &other, &error) == PLEAT_STATUS_SHAPE_MISMATCH);
  CHECK_OK(pleat_rt_session_reset(session, &error));
  CHECK_OK(pleat_rt_state_set(session, HIDDEN, &other, &error));
  CHECK(run(session, 2, 1) == PLEAT_STATUS_SHAPE_MISMATCH);
  CHECK_OK(run(session, 3, 1));
  pleat_rt_session_destroy(session);
}

static void shapes_before_the_first_run_are_empty(void) {
  pleat_session *session = create();
  pleat_tensor shape;
  CHECK_OK(pleat_rt_state_shape(session, HISTORY, &shape, &error));
  CHECK(shape.shape[0] == 2 && shape.shape[1] == 0 && shape.shape[2] == 0);
  shape.data = NULL;
  CHECK_OK(pleat_rt_state_get(session, HISTORY, &shape, &error));
  pleat_rt_session_destroy(session);
}

static void tensors_that_are_no_content(void) {
  pleat_session *session = create();
  pleat_tensor view = history(7, 1);
  CHECK_FAILS(SHAPE_MISMATCH, "state 'history' axis 1 expects size 0 to 6, but got 7", error,
              pleat_rt_state_set(session, HISTORY, &view, &error));
  view = history(1, 5);
  CHECK_FAILS(SHAPE_MISMATCH, "state 'history' axis 2 expects size 0 to 4, but got 5", error,
              pleat_rt_state_set(session, HISTORY, &view, &error));
  view = history(1, 1);
  view.shape[0] = 3;
  CHECK_FAILS(SHAPE_MISMATCH, "state 'history' axis 0 expects size 2 to 2, but got 3", error,
              pleat_rt_state_set(session, HISTORY, &view, &error));
  view = history(1, 1);
  view.type = PLEAT_F64;
  CHECK_FAILS(SHAPE_MISMATCH, "state 'history' expects type 1 and rank 3", error,
              pleat_rt_state_set(session, HISTORY, &view, &error));
  view = history(1, 1);
  view.data = NULL;
  CHECK_FAILS(INVALID_ARGUMENT, "tensor expects data, but has NULL", error,
              pleat_rt_state_set(session, HISTORY, &view, &error));
  CHECK_OK(run(session, 1, 1));
  view = history(2, 1);
  CHECK_FAILS(SHAPE_MISMATCH, "state 'history' axis 1 expects size 1, but got 2", error,
              pleat_rt_state_get(session, HISTORY, &view, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "state expects a number below 2, but got 2", error,
              pleat_rt_state_get(session, 2, &view, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "session and tensor expect addresses, but got NULL", error,
              pleat_rt_state_get(NULL, 0, &view, &error));
  CHECK(pleat_rt_session_reset(NULL, NULL) == PLEAT_STATUS_INVALID_ARGUMENT);
  pleat_rt_session_destroy(session);
}

static void lengths_that_share_a_dimension_must_agree(void) {
  pleat_model_desc other = desc;
  pleat_state_desc twins[] = {desc.states[HISTORY], desc.states[HISTORY]};
  twins[1].tensor.name = "twin";
  other.states = twins;
  pleat_model *loaded = probe_load(&other, probe_image(bytes));
  pleat_session *session = NULL;
  CHECK_OK(pleat_rt_session_create(loaded, NULL, NULL, &session, &error));
  pleat_tensor view = history(2, 1);
  CHECK_OK(pleat_rt_state_set(session, 0, &view, &error));
  CHECK_FAILS(SHAPE_MISMATCH, "state 'twin' expects length 2 as other states have, but has 0", error,
              run(session, 1, 1));
  pleat_rt_session_destroy(session);
  pleat_rt_model_destroy(loaded);
}

static void rows_can_be_taken_back(void) {
  pleat_session *session = create();
  for (int i = 0; i < 6; ++i)
    CHECK_OK(run(session, 1, 1));
  CHECK_FAILS(STATE_FULL, "state 'history' would grow to length 7, but has room for 6", error,
              run(session, 1, 1));
  CHECK_OK(pleat_rt_state_truncate(session, HISTORY, 2, &error));
  CHECK_OK(run(session, 1, 1));
  CHECK(totals[0] == 3 && totals[1] == 6 && totals[2] == 21);
  CHECK_FAILS(INVALID_ARGUMENT, "state 'history' expects a length of 0 to 3, but got 4", error,
              pleat_rt_state_truncate(session, HISTORY, 4, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "state 'history' expects a length of 0 to 3, but got -1", error,
              pleat_rt_state_truncate(session, HISTORY, -1, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "state 'hidden' is replaced by each run and has no rows to keep", error,
              pleat_rt_state_truncate(session, HIDDEN, 0, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "state expects a number below 2, but got 2", error,
              pleat_rt_state_truncate(session, 2, 0, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "session expects an address, but got NULL", error,
              pleat_rt_state_truncate(NULL, HISTORY, 0, &error));
  pleat_rt_session_destroy(session);
}

int main(void) {
  desc = probe_descriptor();
  model = probe_load(&desc, probe_image(bytes));
  RUN_TEST(runs_accumulate);
  RUN_TEST(content_comes_out_dense);
  RUN_TEST(content_can_be_set);
  RUN_TEST(a_full_state_refuses_and_keeps_its_content);
  RUN_TEST(a_smaller_session_has_less_room);
  RUN_TEST(a_failed_run_changes_no_state);
  RUN_TEST(dims_of_states_hold_until_a_reset);
  RUN_TEST(shapes_before_the_first_run_are_empty);
  RUN_TEST(tensors_that_are_no_content);
  RUN_TEST(lengths_that_share_a_dimension_must_agree);
  RUN_TEST(rows_can_be_taken_back);
  pleat_rt_model_destroy(model);
  return TEST_RESULT();
}
