/* The thread pool: decides how idle workers wait and who runs which part.
 *
 * A new generation number announces work. Workers spin for about the length of the gaps
 * between the kernels of one inference, then sleep on the number as a futex: dispatch costs
 * under a microsecond within an inference and no processor time after it. The partition is
 * static, part i always on thread i modulo threads, so that a thread meets the weights and
 * scratch it touched before. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/platform.h"

enum { SPIN_NANOSECONDS = 40000, MOST_THREADS = 1024, LINE = 64 };

typedef struct pool pool;

typedef struct worker {
  pool *owner;
  int64_t index; /* 1 .. threads-1; the calling thread is 0 */
  pthread_t thread;
} worker;

struct pool {
  pleat_executor executor; /* first: the pool is known by its executor's address */
  pleat_allocator allocator;
  int64_t parts; /* the work of this generation */
  void (*fn)(void *ctx, int64_t i);
  void *ctx;
  /* Each on a cache line of its own, they are written by different threads. */
  uint32_t busy __attribute__((aligned(LINE)));       /* a caller is using the workers */
  uint32_t generation __attribute__((aligned(LINE))); /* changes for new work, and at the end */
  uint32_t sleepers;                                  /* workers that may be asleep */
  uint32_t ending;
  uint32_t running __attribute__((aligned(LINE))); /* workers not done with this generation */
  uint32_t caller_sleeps;                          /* the caller may be asleep on `running` */
  worker workers[];
};

static uint64_t now_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Waits until *word is not `old` for at most the spinning time; 0 if it still is. */
static int spin_while(const uint32_t *word, uint32_t old) {
  uint64_t end = 0;
  for (;;) {
    for (int i = 0; i < 64; ++i) {
      if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old)
        return 1;
      __builtin_ia32_pause();
    }
    uint64_t now = now_nanoseconds();
    if (!end)
      end = now + SPIN_NANOSECONDS;
    if (now >= end)
      return 0;
  }
}

static void futex_wait(const uint32_t *word, uint32_t old) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

static void futex_wake(const uint32_t *word, uint32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* The generation after `seen`. Sequentially consistent with announce(): either the sleeper
 * is counted before the announcer looks, or the futex sees the new generation. */
static uint32_t await_generation(pool *self, uint32_t seen) {
  if (!spin_while(&self->generation, seen)) {
    __atomic_fetch_add(&self->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&self->generation, __ATOMIC_SEQ_CST) == seen)
      futex_wait(&self->generation, seen);
    __atomic_fetch_sub(&self->sleepers, 1, __ATOMIC_SEQ_CST);
  }
  return __atomic_load_n(&self->generation, __ATOMIC_ACQUIRE);
}

static void announce(pool *self) {
  __atomic_fetch_add(&self->generation, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&self->sleepers, __ATOMIC_SEQ_CST))
    futex_wake(&self->generation, MOST_THREADS);
}

static void run_parts(const pool *self, int64_t index) {
  for (int64_t i = index; i < self->parts; i += self->executor.threads)
    self->fn(self->ctx, i);
}

static void *work(void *start) {
  worker *me = start;
  pool *self = me->owner;
  uint32_t seen = 0;
  for (;;) {
    /* The next generation begins only when all workers are done with this one. */
    seen = await_generation(self, seen);
    if (__atomic_load_n(&self->ending, __ATOMIC_ACQUIRE))
      return NULL;
    run_parts(self, me->index);
    if (__atomic_sub_fetch(&self->running, 1, __ATOMIC_SEQ_CST) == 0 &&
        __atomic_load_n(&self->caller_sleeps, __ATOMIC_SEQ_CST))
      futex_wake(&self->running, 1);
  }
}

/* Waits for the workers, asleep if they need longer than the spinning time. Only the last
 * one wakes the caller, whatever count it went to sleep on. */
static void await_workers(pool *self) {
  uint32_t left;
  while ((left = __atomic_load_n(&self->running, __ATOMIC_ACQUIRE)) != 0) {
    if (spin_while(&self->running, left))
      continue;
    __atomic_store_n(&self->caller_sleeps, 1, __ATOMIC_SEQ_CST);
    while ((left = __atomic_load_n(&self->running, __ATOMIC_SEQ_CST)) != 0)
      futex_wait(&self->running, left);
    __atomic_store_n(&self->caller_sleeps, 0, __ATOMIC_RELAXED);
  }
}

static void parallel_for(void *pool_, int64_t n, void (*fn)(void *ctx, int64_t i), void *ctx) {
  pool *self = pool_;
  uint32_t idle = 0;
  if (n <= 1 || !__atomic_compare_exchange_n(&self->busy, &idle, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    for (int64_t i = 0; i < n; ++i)
      fn(ctx, i);
    return;
  }
  self->parts = n;
  self->fn = fn;
  self->ctx = ctx;
  __atomic_store_n(&self->running, (uint32_t)(self->executor.threads - 1), __ATOMIC_RELAXED);
  announce(self);
  run_parts(self, 0);
  await_workers(self);
  __atomic_store_n(&self->busy, 0, __ATOMIC_RELEASE);
}

static size_t pool_bytes(int64_t threads) { return sizeof(pool) + (size_t)(threads - 1) * sizeof(worker); }

/* Ends the first `count` workers and gives the memory back. */
static void end_pool(pool *self, int64_t count) {
  pleat_allocator allocator = self->allocator;
  __atomic_store_n(&self->ending, 1, __ATOMIC_RELEASE);
  announce(self);
  for (int64_t i = 0; i < count; ++i)
    pthread_join(self->workers[i].thread, NULL);
  allocator.deallocate(allocator.self, self, pool_bytes(self->executor.threads), LINE);
}

pleat_status pleat_rt_pool_create(int64_t threads, const pleat_allocator *allocator, pleat_executor **out,
                                  pleat_error *error) {
  if (!out)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "pool expects an address, but got NULL");
  if (threads < 1 || threads > MOST_THREADS)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "threads expects 1 to %" PRId64 ", but got %" PRId64, (int64_t)MOST_THREADS,
                         threads);
  pool *self = allocator->allocate(allocator->self, pool_bytes(threads), LINE);
  if (!self)
    return pleat_rt_fail(error, PLEAT_STATUS_OUT_OF_MEMORY, "no memory for a pool of %" PRId64 " threads",
                         threads);
  *self = (pool){
      {sizeof(pleat_executor), self, threads, parallel_for}, *allocator, 0, NULL, NULL, 0, 0, 0, 0, 0, 0};
  for (int64_t i = 0; i < threads - 1; ++i) {
    worker *next = &self->workers[i];
    next->owner = self;
    next->index = i + 1;
    int failed = pthread_create(&next->thread, NULL, work, next);
    if (failed) {
      end_pool(self, i);
      return pleat_rt_fail(error, PLEAT_STATUS_NO_THREADS,
                           "cannot start thread %" PRId64 " of %" PRId64 " (errno %" PRId64 ")", i + 2,
                           threads, (int64_t)failed);
    }
  }
  *out = &self->executor;
  return PLEAT_STATUS_OK;
}

void pleat_rt_pool_destroy(pleat_executor *executor) {
  if (executor) {
    pool *self = executor->self;
    end_pool(self, executor->threads - 1);
  }
}
