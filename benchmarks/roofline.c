/* What this machine can do now, on the threads it is pinned to: bytes read and fused
 * multiply-adds per second. A run is compared with these, measured in the same run.
 *
 *   roofline THREADS MEBIBYTES    prints {"read_bytes_per_s": ..., "flops_per_s": ...}
 *
 * Reads walk four streams at once, which is what saturates a core; the buffer asks for huge
 * pages like the allocator of the programs that are compared. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#ifdef __AVX512F__
typedef float lanes __attribute__((vector_size(64)));
#else
typedef float lanes __attribute__((vector_size(32))); /* 12 chains of wider ones would spill */
#endif
enum { STREAMS = 4, CHAINS = 12, ROUNDS = 5 };

typedef struct task {
  const lanes *data;
  size_t count; /* lanes to read */
  int64_t steps;
  lanes factor, sink; /* what to multiply with; the result */
} task;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *read_all(void *argument) {
  task *t = argument;
  size_t part = t->count / STREAMS;
  lanes sum[STREAMS] = {0};
  for (size_t i = 0; i < part; ++i)
    for (int s = 0; s < STREAMS; ++s)
      sum[s] += t->data[s * part + i];
  t->sink = sum[0] + sum[1] + sum[2] + sum[3];
  return NULL;
}

/* Enough independent chains to fill two units of latency four. */
static void *multiply_add(void *argument) {
  task *t = argument;
  lanes sum[CHAINS] = {0}, factor = t->factor, one = factor + 1.0f;
  for (int64_t i = 0; i < t->steps; ++i)
    for (int c = 0; c < CHAINS; ++c)
      sum[c] = sum[c] * factor + one;
  for (int c = 0; c < CHAINS; ++c)
    t->sink += sum[c];
  return NULL;
}

/* The shortest of a few runs of `work` on all tasks at once, in seconds. */
static double best(void *(*work)(void *), task *tasks, int threads) {
  double shortest = 1e30;
  for (int round = 0; round < ROUNDS; ++round) {
    pthread_t handles[64];
    double begin = seconds();
    for (int i = 1; i < threads; ++i)
      pthread_create(&handles[i], NULL, work, &tasks[i]);
    work(&tasks[0]);
    for (int i = 1; i < threads; ++i)
      pthread_join(handles[i], NULL);
    double took = seconds() - begin;
    if (took < shortest)
      shortest = took;
  }
  return shortest;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  size_t bytes = (size_t)(argc > 2 ? atoi(argv[2]) : 128) << 20;
  if (threads < 1 || threads > 64 || bytes == 0) {
    fprintf(stderr, "usage: roofline THREADS(1-64) MEBIBYTES\n");
    return 1;
  }
  bytes -= bytes % ((size_t)threads * STREAMS * sizeof(lanes));
  float *data = NULL;
  if (posix_memalign((void **)&data, 2 << 20, bytes) != 0)
    return 1;
  madvise(data, bytes, MADV_HUGEPAGE);
  for (size_t i = 0; i < bytes / sizeof(float); ++i)
    data[i] = 0.5f;
  static task tasks[64];
  for (int i = 0; i < threads; ++i) {
    tasks[i].count = bytes / sizeof(lanes) / (size_t)threads;
    tasks[i].data = (const lanes *)data + (size_t)i * tasks[i].count;
    tasks[i].steps = 20 * 1000 * 1000;
    tasks[i].factor = (lanes){0} + 0.25f;
  }
  double read = best(read_all, tasks, threads);
  double compute = best(multiply_add, tasks, threads);
  double flops = 2.0 * CHAINS * (sizeof(lanes) / sizeof(float)) * (double)tasks[0].steps * threads;
  printf("{\"read_bytes_per_s\": %.0f, \"flops_per_s\": %.0f}\n", (double)bytes / read, flops / compute);
  return tasks[0].sink[0] == 1.0f; /* never: the result is used */
}
