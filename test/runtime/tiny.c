/* The model of pleat.h's example, as the compiler would emit it: a descriptor, code, and
 * (with runtime/src/core/entry.c) functions that begin with its name. */
#include "runtime/abi/pleat_abi.h"

static const pleat_axis x_axes[] = {{PLEAT_AXIS_DIM, 0}, {PLEAT_AXIS_STATIC, 3}};
static const pleat_axis y_axes[] = {{PLEAT_AXIS_DIM, 0}, {PLEAT_AXIS_STATIC, 2}};
static const pleat_tensor_desc inputs[] = {{"x", "x", PLEAT_F32, 2, x_axes}};
static const pleat_tensor_desc outputs[] = {{"y", "y", PLEAT_F32, 2, y_axes}};
static const pleat_dim_desc dims[] = {{"batch", 0, 64, 1}};
static const pleat_level_desc levels[] = {{PLEAT_X86_64_V3, NULL}};

static int64_t arena_bytes(const int64_t *at, int64_t threads) {
  (void)at, (void)threads;
  return 0;
}

/* y = x W, W at the weights file's first tensor. */
static void run(const pleat_frame *frame) {
  const float *x = frame->inputs[0], *w = (const float *)(const void *)(frame->weights + 192);
  float *y = frame->outputs[0];
  for (int64_t b = 0; b < frame->dims[0]; ++b)
    for (int n = 0; n < 2; ++n) {
      y[2 * b + n] = 0;
      for (int k = 0; k < 3; ++k)
        y[2 * b + n] += x[3 * b + k] * w[2 * k + n];
    }
}

extern const pleat_model_desc DESCRIPTOR;
const pleat_model_desc DESCRIPTOR = {
    .abi_version = PLEAT_ABI_VERSION,
    .oldest_runtime = PLEAT_ABI_OLDEST,
    .name = "tiny",
    .build_id = {0x5b, 0xfc, 0xd1, 0xa7, 0x46, 0xb8, 0x38, 0x61, 0xaa, 0x8e, 0x64,
                 0x62, 0xb0, 0xa5, 0x4c, 0x54, 0x72, 0x63, 0xc8, 0x5c, 0x53, 0x38,
                 0xc1, 0xc9, 0x89, 0x87, 0x78, 0xe0, 0xaa, 0xa8, 0x5c, 0xe8},
    .weights_bytes = 320,
    .input_count = 1,
    .output_count = 1,
    .dim_count = 1,
    .host_dim_count = 1,
    .level_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .dims = dims,
    .levels = levels,
    .arena_bytes = arena_bytes,
    .run = run,
};
