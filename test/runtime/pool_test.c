/* The pool, and sessions on several threads; `cmake --preset tsan` is its second half. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/src/core/platform.h"
#include "runtime/src/core/session.h"
#include "runtime/src/core/state.h"
#include "test/runtime/check.h"
#include "test/runtime/probe.h"

static uint8_t bytes[IMAGE_MOST_BYTES] __attribute__((aligned(64)));
static pleat_model_desc desc;
static pleat_error error;

static pleat_executor *create(int64_t threads) {
  pleat_executor *pool = NULL;
  CHECK_OK(pleat_rt_pool_create(threads, &pleat_rt_default_allocator, &pool, &error));
  return pool;
}

/* Plain counters: two threads on one part would be a race that tsan reports. */
enum { MOST_PARTS = 70 };
static void count_part(void *ctx, int64_t i) { ++((int *)ctx)[i]; }

static void every_part_runs_once(void) {
  for (int64_t threads = 1; threads <= 5; ++threads) {
    pleat_executor *pool = create(threads);
    CHECK(pool->threads == threads);
    for (int64_t n = 0; n <= MOST_PARTS; n += n < 8 ? 1 : 31) {
      int counts[MOST_PARTS] = {0};
      pool->parallel_for(pool->self, n, count_part, counts);
      for (int64_t i = 0; i < MOST_PARTS; ++i)
        CHECK(counts[i] == (i < n));
    }
    pleat_rt_pool_destroy(pool);
  }
}

static void thousands_of_dispatches(void) {
  pleat_executor *pool = create(3);
  int counts[MOST_PARTS] = {0};
  enum { ROUNDS = 4000 };
  for (int round = 0; round < ROUNDS; ++round)
    pool->parallel_for(pool->self, 3, count_part, counts);
  CHECK(counts[0] == ROUNDS && counts[1] == ROUNDS && counts[2] == ROUNDS);
  pleat_rt_pool_destroy(pool);
}

/* Long enough gaps that workers fall asleep, and parts long enough that the caller does. */
static void slow_part(void *ctx, int64_t i) {
  if (i)
    usleep(300);
  ++((int *)ctx)[i];
}

static void sleepers_wake(void) {
  pleat_executor *pool = create(3);
  int counts[MOST_PARTS] = {0};
  for (int round = 0; round < 200; ++round) {
    if (round % 2)
      usleep(200);
    pool->parallel_for(pool->self, 4, slow_part, counts);
  }
  for (int i = 0; i < 4; ++i)
    CHECK(counts[i] == 200);
  pleat_rt_pool_destroy(pool);
}

static void pools_come_and_go(void) {
  for (int i = 0; i < 200; ++i)
    pleat_rt_pool_destroy(create(4));
  pleat_rt_pool_destroy(NULL);
}

typedef struct nested {
  pleat_executor *pool;
  int counts[4][4];
} nested;

static void nested_part(void *ctx, int64_t i) {
  nested *at = ctx;
  at->pool->parallel_for(at->pool->self, 4, count_part, at->counts[i]);
}

static void a_part_may_use_the_pool_itself(void) {
  nested at = {create(3), {{0}}};
  at.pool->parallel_for(at.pool->self, 4, nested_part, &at);
  for (int i = 0; i < 16; ++i)
    CHECK(at.counts[i / 4][i % 4] == 1);
  pleat_rt_pool_destroy(at.pool);
}

/* One host thread: a session of its own on the shared model, many runs of changing size. */
typedef struct host {
  const pleat_model *model;
  const pleat_executor *executor;
  int64_t threads;
  int wrong;
} host;

static void *host_thread(void *ctx) {
  host *me = ctx;
  static const int64_t ids[4 * 16];
  float x[4 * 32], bias = 1, sums[4], totals[7 * 4];
  int32_t rest[4 * 12];
  const void *const inputs[] = {ids, x, &bias};
  void *const outputs[] = {sums, totals, rest};
  pleat_session_options options;
  pleat_session *session = NULL;
  pleat_session_options_init(&options);
  options.executor = me->executor;
  options.threads = me->threads;
  if (pleat_rt_session_create(me->model, NULL, &options, &session, NULL)) {
    me->wrong = -1;
    return NULL;
  }
  for (int i = 0; i < 4 * 32; ++i)
    x[i] = 0.5f;
  for (int round = 0; round < 300; ++round) {
    const int64_t dims[] = {1 + round % 4, 4 + 4 * (round % 3)};
    pleat_rt_states_reset(session);
    if (pleat_rt_session_run(session, inputs, outputs, dims, NULL))
      ++me->wrong;
    for (int64_t b = 0; b < dims[0]; ++b)
      me->wrong += sums[b] != (float)dims[1] + 1;
  }
  pleat_rt_session_destroy(session);
  return NULL;
}

static void two_hosts(const pleat_executor *executor, int64_t threads) {
  pleat_model *model = probe_load(&desc, probe_image(bytes));
  host hosts[2] = {{model, executor, threads, 0}, {model, executor, threads, 0}};
  pthread_t other;
  CHECK(pthread_create(&other, NULL, host_thread, &hosts[1]) == 0);
  host_thread(&hosts[0]);
  pthread_join(other, NULL);
  CHECK(hosts[0].wrong == 0 && hosts[1].wrong == 0);
  pleat_rt_model_destroy(model);
}

static void two_threads_share_a_model(void) { two_hosts(NULL, 1); }
static void two_threads_with_a_pool_each(void) { two_hosts(NULL, 2); }
static void two_threads_share_a_pool(void) {
  pleat_executor *pool = create(2);
  two_hosts(pool, 0);
  pleat_rt_pool_destroy(pool);
}

static void pools_that_cannot_be(void) {
  pleat_executor *pool = NULL;
  CHECK_FAILS(INVALID_ARGUMENT, "threads expects 1 to 1024, but got 0", error,
              pleat_rt_pool_create(0, &pleat_rt_default_allocator, &pool, &error));
  CHECK_FAILS(INVALID_ARGUMENT, "pool expects an address, but got NULL", error,
              pleat_rt_pool_create(1, &pleat_rt_default_allocator, NULL, &error));
  CHECK(pool == NULL);
}

int main(void) {
  desc = probe_descriptor();
  RUN_TEST(every_part_runs_once);
  RUN_TEST(thousands_of_dispatches);
  RUN_TEST(sleepers_wake);
  RUN_TEST(pools_come_and_go);
  RUN_TEST(a_part_may_use_the_pool_itself);
  RUN_TEST(two_threads_share_a_model);
  RUN_TEST(two_threads_with_a_pool_each);
  RUN_TEST(two_threads_share_a_pool);
  RUN_TEST(pools_that_cannot_be);
  return TEST_RESULT();
}
