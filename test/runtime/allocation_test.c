/* Memory: every allocation fails in turn, everything is given back, and runs need none. */
#include <stdlib.h>

#include "runtime/src/core/platform.h"
#include "runtime/src/core/session.h"
#include "test/runtime/check.h"
#include "test/runtime/probe.h"

static uint8_t bytes[IMAGE_MOST_BYTES] __attribute__((aligned(64)));
static pleat_model_desc desc;
static pleat_error error;

/* Counts what is out, and refuses the request numbered `refuse` (from 0). */
typedef struct counter {
  int64_t requests, refuse, out;
  size_t largest;
} counter;

static void *allocate(void *self, size_t size, size_t alignment) {
  counter *count = self;
  void *memory = NULL;
  if (count->requests++ == count->refuse || posix_memalign(&memory, alignment < 8 ? 8 : alignment, size) != 0)
    return NULL;
  memset(memory, 0xa5, size); /* nothing may count on zeros */
  count->out += (int64_t)size;
  count->largest = size > count->largest ? size : count->largest;
  return memory;
}

static void deallocate(void *self, void *memory, size_t size, size_t alignment) {
  CHECK(memory != NULL && (uintptr_t)memory % alignment == 0);
  ((counter *)self)->out -= (int64_t)size;
  free(memory);
}

/* Loads with a copy, creates a session with a pool, runs, and destroys all that was made. */
static pleat_status whole_life(counter *count) {
  const pleat_allocator allocator = {sizeof allocator, count, allocate, deallocate};
  image weights = probe_image(bytes);
  pleat_model *model = NULL;
  pleat_session *session = NULL;
  pleat_load_options load;
  pleat_load_options_init(&load);
  load.weights_data = weights.bytes;
  load.weights_bytes = weights.size;
  load.load_mode = PLEAT_LOAD_COPY;
  load.allocator = &allocator;
  pleat_session_options options;
  pleat_session_options_init(&options);
  options.threads = 2;
  options.allocator = &allocator;
  pleat_status status = pleat_rt_model_load(&desc, &load, &model, &error);
  if (!status)
    status = pleat_rt_session_create(model, NULL, &options, &session, &error);
  if (!status) {
    static const int64_t ids[16], dims[] = {4, 4};
    static const float x[32], bias;
    float sums[4], totals[4];
    const void *const inputs[] = {ids, x, &bias};
    void *const outputs[] = {sums, totals, NULL};
    int64_t before = count->requests;
    status = pleat_rt_session_run(session, inputs, outputs, dims, &error);
    CHECK(count->requests == before);
    CHECK(sums[3] == 0);
  }
  pleat_rt_session_destroy(session);
  pleat_rt_model_destroy(model);
  return status;
}

static void each_allocation_fails_in_turn(void) {
  counter all = {0, -1, 0, 0};
  CHECK_OK(whole_life(&all));
  CHECK(all.requests == 4 && all.out == 0); /* model, weights, session, pool */
  for (int64_t i = 0; i < all.requests; ++i) {
    counter some = {0, i, 0, 0};
    CHECK(whole_life(&some) == PLEAT_STATUS_OUT_OF_MEMORY);
    CHECK(some.requests == i + 1 && some.out == 0);
  }
}

static void the_need_is_known_beforehand(void) {
  counter count = {0, -1, 0, 0};
  const pleat_allocator allocator = {sizeof allocator, &count, allocate, deallocate};
  pleat_session_options options;
  pleat_session_options_init(&options);
  options.allocator = &allocator;
  pleat_model *model = probe_load(&desc, probe_image(bytes));
  const int64_t largest[] = {3, 8, 5};
  size_t need = 0;
  pleat_session *session = NULL;
  CHECK_OK(pleat_rt_session_bytes(model, largest, &options, &need, &error));
  CHECK(count.requests == 0);
  CHECK_OK(pleat_rt_session_create(model, largest, &options, &session, &error));
  CHECK(count.requests == 1 && count.largest == need);
  CHECK((uintptr_t)session->frame.arena % 64 == 0);
  CHECK(session->frame.arena + session->arena_bytes + 64 == (uint8_t *)session + need);
  pleat_rt_session_destroy(session);
  pleat_rt_model_destroy(model);
}

static void our_own_allocator(void) {
  const pleat_allocator *own = &pleat_rt_default_allocator;
  static const size_t sizes[] = {1, 4096, ((size_t)2 << 20) - 1, (size_t)2 << 20, ((size_t)5 << 20) + 3};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    uint8_t *memory = own->allocate(own->self, sizes[i], 64);
    CHECK(memory && (uintptr_t)memory % 64 == 0);
    memset(memory, 1, sizes[i]);
    own->deallocate(own->self, memory, sizes[i], 64);
  }
  CHECK(own->allocate(own->self, SIZE_MAX, 64) == NULL);
  CHECK(own->allocate(own->self, SIZE_MAX / 2, 64) == NULL);
}

int main(void) {
  desc = probe_descriptor();
  RUN_TEST(each_allocation_fails_in_turn);
  RUN_TEST(the_need_is_known_beforehand);
  RUN_TEST(our_own_allocator);
  return TEST_RESULT();
}
