/* Runs the parts of a kernel. */
#include "runtime/abi/pleat_abi.h"

typedef struct launch {
  pleat_kernel kernel;
  const int64_t *slots;
} launch;

static void run_part(void *ctx, int64_t part) {
  const launch *what = ctx;
  what->kernel(what->slots, part);
}

void pleat_rt_parallel(const pleat_frame *frame, pleat_kernel kernel, int64_t *slots) {
  const pleat_executor *executor = frame->executor;
  slots[0] = frame->threads;
  if (executor) {
    launch what = {kernel, slots};
    executor->parallel_for(executor->self, frame->threads, run_part, &what);
    return;
  }
  for (int64_t part = 0; part < frame->threads; ++part)
    kernel(slots, part);
}
