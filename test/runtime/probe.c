#include "test/runtime/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/src/core/model.h"

enum { BATCH, LENGTH, PAST };
enum { TWICE_LENGTH, LENGTH_LESS_4, PAST_AND_1 };
enum { IDS, X, BIAS };
enum { SUMS, TOTALS, REST };
enum { HIDDEN, HISTORY };

static const pleat_dim_desc dims[] = {{"batch", 0, 4, 1}, {"length", 4, 16, 4}, {"past", 0, 6, 1}};

static const pleat_axis batch_length[] = {{PLEAT_AXIS_DIM, BATCH}, {PLEAT_AXIS_DIM, LENGTH}};
static const pleat_axis batch_twice[] = {{PLEAT_AXIS_DIM, BATCH}, {PLEAT_AXIS_EXPR, TWICE_LENGTH}};
static const pleat_axis batch[] = {{PLEAT_AXIS_DIM, BATCH}};
static const pleat_axis next_batch[] = {{PLEAT_AXIS_EXPR, PAST_AND_1}, {PLEAT_AXIS_DIM, BATCH}};
static const pleat_axis batch_rest[] = {{PLEAT_AXIS_DIM, BATCH}, {PLEAT_AXIS_EXPR, LENGTH_LESS_4}};
static const pleat_axis two_past_batch[] = {
    {PLEAT_AXIS_STATIC, 2}, {PLEAT_AXIS_DIM, PAST}, {PLEAT_AXIS_DIM, BATCH}};

static const pleat_tensor_desc inputs[] = {{"input.ids", "input_ids", PLEAT_I64, 2, batch_length},
                                           {"x", "x", PLEAT_F32, 2, batch_twice},
                                           {"bias", "bias", PLEAT_F32, 0, NULL}};
static const pleat_tensor_desc outputs[] = {{"sums", "sums", PLEAT_F32, 1, batch},
                                            {"totals", "totals", PLEAT_F32, 2, next_batch},
                                            {"rest", "rest", PLEAT_I32, 2, batch_rest}};
static const pleat_state_desc states[] = {
    {{"hidden", "hidden", PLEAT_F32, 1, batch}, PLEAT_STATE_REPLACED, 0, {0, 0}, "hidden.next", 3, 3},
    {{"history", "history", PLEAT_F32, 3, two_past_batch},
     PLEAT_STATE_APPENDED,
     1,
     {PLEAT_AXIS_EXPR, PAST_AND_1},
     "history.next",
     4,
     4}};
static const pleat_id_check id_checks[] = {{IDS, PROBE_ROWS}};

static int64_t arena_bytes(const int64_t *at, int64_t threads) {
  return at[BATCH] * at[LENGTH] * 4 + threads * 64;
}

static void eval_sizes(const int64_t *at, int64_t *sizes) {
  sizes[TWICE_LENGTH] = 2 * at[LENGTH];
  sizes[LENGTH_LESS_4] = at[LENGTH] - 4;
  sizes[PAST_AND_1] = at[PAST] + 1;
}

/* slots: parts, the frame. Part p sums the batch rows p, p + parts, ... */
static void sum_rows(const int64_t *slots, int64_t part) {
  const pleat_frame *frame = (const pleat_frame *)(intptr_t)slots[1];
  const float *table = (const float *)(const void *)(frame->weights + 256);
  int64_t length = frame->dims[LENGTH];
  for (int64_t b = part; b < frame->dims[BATCH]; b += slots[0]) {
    const int64_t *ids = (const int64_t *)frame->inputs[IDS] + b * length;
    const float *x = (const float *)frame->inputs[X] + b * 2 * length;
    float sum = *(const float *)frame->inputs[BIAS] + ((const float *)(const void *)frame->states[HIDDEN])[b];
    for (int64_t i = 0; i < length; ++i)
      sum += table[ids[i] < 0 ? ids[i] + PROBE_ROWS : ids[i]];
    for (int64_t i = 0; i < 2 * length; ++i)
      sum += x[i];
    ((float *)frame->outputs[SUMS])[b] = sum;
  }
}

static void run(const pleat_frame *frame) {
  int64_t rows = frame->dims[BATCH], past = frame->dims[PAST], slots[2] = {0, (int64_t)(intptr_t)frame};
  memset(frame->arena, 0x5a, (size_t)arena_bytes(frame->dims, frame->threads));
  pleat_rt_parallel(frame, frame->kernels[0], slots);
  const float *sums = frame->outputs[SUMS];
  float *hidden = (float *)(void *)frame->next_states[HIDDEN];
  float *history = (float *)(void *)frame->states[HISTORY];
  float *totals = frame->outputs[TOTALS];
  int64_t half = frame->capacities[HISTORY] * rows;
  for (int64_t b = 0; b < rows; ++b) {
    hidden[b] = sums[b];
    history[past * rows + b] = sums[b];
    history[half + past * rows + b] = 2 * sums[b];
  }
  for (int64_t i = 0; i < (past + 1) * rows; ++i)
    totals[i] = history[i] + history[half + i];
  for (int64_t i = 0; i < rows * (frame->dims[LENGTH] - 4); ++i)
    ((int32_t *)frame->outputs[REST])[i] = 7;
}

static const pleat_kernel kernels[] = {sum_rows};
static const pleat_level_desc levels[] = {{PLEAT_X86_64_V3, kernels}};

image probe_image(uint8_t *bytes) {
  static const float table[PROBE_ROWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, scale[3] = {1, 2, 3};
  const float *const tensors[] = {table, scale};
  const uint64_t lengths[] = {PROBE_ROWS, 3};
  return make_image(bytes, tensors, lengths, 2);
}

pleat_model_desc probe_descriptor(void) {
  uint8_t bytes[IMAGE_MOST_BYTES] __attribute__((aligned(64)));
  image weights = probe_image(bytes);
  pleat_model_desc desc;
  memset(&desc, 0, sizeof desc);
  desc.abi_version = PLEAT_ABI_VERSION;
  desc.oldest_runtime = PLEAT_ABI_OLDEST;
  desc.name = "probe";
  memcpy(desc.build_id, image_header(weights)->build_id, sizeof desc.build_id);
  desc.weights_bytes = weights.size;
  desc.input_count = 3;
  desc.output_count = 3;
  desc.state_count = 2;
  desc.dim_count = 3;
  desc.host_dim_count = 2;
  desc.expr_count = 3;
  desc.level_count = 1;
  desc.kernel_count = 1;
  desc.id_check_count = 1;
  desc.inputs = inputs;
  desc.outputs = outputs;
  desc.states = states;
  desc.dims = dims;
  desc.levels = levels;
  desc.id_checks = id_checks;
  desc.arena_bytes = arena_bytes;
  desc.eval_sizes = eval_sizes;
  desc.run = run;
  return desc;
}

pleat_model *probe_load(const pleat_model_desc *desc, image weights) {
  pleat_load_options options;
  pleat_error error;
  pleat_model *model = NULL;
  pleat_load_options_init(&options);
  options.weights_data = weights.bytes;
  options.weights_bytes = weights.size;
  if (pleat_rt_model_load(desc, &options, &model, &error)) {
    printf("cannot load the probe: %s\n", error.text);
    exit(1);
  }
  return model;
}
