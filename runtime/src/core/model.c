/* Loads a model: decides where its weights come from and where they stay. */
#include "runtime/src/core/model.h"

#include <string.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/level.h"
#include "runtime/src/core/options.h"
#include "runtime/src/core/platform.h"
#include "runtime/src/core/weights.h"

static pleat_status check_descriptor(const pleat_model_desc *desc, pleat_error *error) {
  if (desc->oldest_runtime > PLEAT_ABI_VERSION || desc->abi_version < PLEAT_ABI_OLDEST)
    return pleat_rt_fail(error, PLEAT_STATUS_VERSION_MISMATCH,
                         "model '%s' has ABI version %" PRIu64 " and needs a runtime of %" PRIu64
                         " or later, but this one is %" PRIu64 " and accepts %" PRIu64 " or later",
                         desc->name, (uint64_t)desc->abi_version, (uint64_t)desc->oldest_runtime,
                         (uint64_t)PLEAT_ABI_VERSION, (uint64_t)PLEAT_ABI_OLDEST);
  if (desc->dim_count > PLEAT_MAX_DIMS)
    return pleat_rt_fail(error, PLEAT_STATUS_UNSUPPORTED,
                         "model '%s' has %" PRIu64 " dimensions, more than %" PRIu64, desc->name,
                         (uint64_t)desc->dim_count, (uint64_t)PLEAT_MAX_DIMS);
  return PLEAT_STATUS_OK;
}

static pleat_status allocate_weights(pleat_model *model, uint8_t **memory, pleat_error *error) {
  uint64_t bytes = model->desc->weights_bytes;
  *memory = model->allocator.allocate(model->allocator.self, bytes, PLEAT_WEIGHTS_ALIGNMENT);
  if (!*memory)
    return pleat_rt_fail(error, PLEAT_STATUS_OUT_OF_MEMORY, "no memory for %" PRIu64 " bytes of weights",
                         bytes);
  model->weights = *memory;
  model->owner = PLEAT_WEIGHTS_ALLOCATED;
  return PLEAT_STATUS_OK;
}

static pleat_status from_file(pleat_model *model, const pleat_load_options *options, const pleat_file *file,
                              pleat_weights_header *header, pleat_error *error) {
  pleat_status status;
  uint8_t *copy;
  if (file->bytes < sizeof *header)
    return pleat_rt_fail(error, PLEAT_STATUS_BAD_WEIGHTS,
                         "weights file has %" PRIu64 " bytes, fewer than a header", file->bytes);
  if ((status = pleat_rt_file_read(file, header, sizeof *header, error)) ||
      (status = pleat_rt_check_header(model->desc, header, file->bytes, error)))
    return status;
  if (options->load_mode == PLEAT_LOAD_COPY) {
    if ((status = allocate_weights(model, &copy, error)))
      return status;
    return pleat_rt_file_read(file, copy, file->bytes, error);
  }
  if ((status = pleat_rt_file_map(file, &model->weights, error)))
    return status;
  model->owner = PLEAT_WEIGHTS_MAPPED;
  return PLEAT_STATUS_OK;
}

static pleat_status from_memory(pleat_model *model, const pleat_load_options *options, const uint8_t *data,
                                uint64_t bytes, pleat_weights_header *header, pleat_error *error) {
  pleat_status status;
  uint8_t *copy;
  if (bytes < sizeof *header)
    return pleat_rt_fail(error, PLEAT_STATUS_BAD_WEIGHTS,
                         "weights data has %" PRIu64 " bytes, fewer than a header", bytes);
  memcpy(header, data, sizeof *header);
  if ((status = pleat_rt_check_header(model->desc, header, bytes, error)))
    return status;
  if (options->load_mode == PLEAT_LOAD_COPY) {
    if ((status = allocate_weights(model, &copy, error)))
      return status;
    memcpy(copy, data, bytes);
    return PLEAT_STATUS_OK;
  }
  if ((uintptr_t)data % PLEAT_WEIGHTS_ALIGNMENT != 0)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "weights_data expects an address that is a multiple of %" PRIu64
                         "; align it or use PLEAT_LOAD_COPY",
                         (uint64_t)PLEAT_WEIGHTS_ALIGNMENT);
  model->weights = data;
  model->owner = PLEAT_WEIGHTS_BORROWED;
  return PLEAT_STATUS_OK;
}

/* Brings the weights' image to where it stays and reads its header, already checked. */
static pleat_status place_weights(pleat_model *model, const pleat_load_options *options,
                                  pleat_weights_header *header, pleat_error *error) {
  const pleat_model_desc *desc = model->desc;
  if (options->weights_path) {
    pleat_file file;
    pleat_status status = pleat_rt_file_open(options->weights_path, &file, error);
    if (status)
      return status;
    status = from_file(model, options, &file, header, error);
    pleat_rt_file_close(&file);
    return status;
  }
  if (options->weights_data)
    return from_memory(model, options, options->weights_data, options->weights_bytes, header, error);
  if (desc->embedded_weights)
    return from_memory(model, options, desc->embedded_weights, desc->weights_bytes, header, error);
  return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                       "model '%s' keeps its weights in a file; set weights_path or weights_data",
                       desc->name);
}

static pleat_status load_weights(pleat_model *model, const pleat_load_options *options, pleat_error *error) {
  pleat_weights_header header;
  pleat_status status;
  if (model->desc->weights_bytes == 0)
    return PLEAT_STATUS_OK;
  if ((status = place_weights(model, options, &header, error)) ||
      (status = pleat_rt_check_table(&header, model->weights, error)))
    return status;
  return options->check_hashes ? pleat_rt_check_hashes(&header, model->weights, error) : PLEAT_STATUS_OK;
}

static pleat_status read_load_options(const pleat_load_options *given, pleat_load_options *options,
                                      pleat_allocator *allocator, pleat_error *error) {
  pleat_load_options_init(options);
  pleat_status status = pleat_rt_read_options(given, options, sizeof *options, "pleat_load_options", error);
  if (status)
    return status;
  if (options->load_mode != PLEAT_LOAD_MAP && options->load_mode != PLEAT_LOAD_COPY)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "load_mode expects a pleat_load_mode, but got %" PRId64,
                         (int64_t)options->load_mode);
  if (options->weights_path && options->weights_data)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "weights_path and weights_data are both set; give one");
  return pleat_rt_read_allocator(options->allocator, allocator, error);
}

static void log_load(const pleat_model *model, const pleat_load_options *options) {
  static const char *const places[] = {"used where they lie", "mapped", "copied"};
  char text[160];
  if (!options->log)
    return;
  pleat_rt_print(text, sizeof text, "model '%s' runs at level %s, %" PRIu64 " bytes of weights %s",
                 model->desc->name, pleat_rt_level_name(model->level->level), model->desc->weights_bytes,
                 places[model->owner]);
  options->log(options->log_self, PLEAT_LOG_INFO, text);
}

pleat_status pleat_rt_model_load(const pleat_model_desc *desc, const pleat_load_options *given,
                                 pleat_model **out, pleat_error *error) {
  pleat_load_options options;
  pleat_allocator allocator;
  const pleat_level_desc *level;
  pleat_status status;
  if (!out)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT, "model expects an address, but got NULL");
  if ((status = read_load_options(given, &options, &allocator, error)) ||
      (status = check_descriptor(desc, error)) ||
      (status = pleat_rt_choose_level(desc, options.highest_level, &level, error)))
    return status;

  pleat_model *model = allocator.allocate(allocator.self, sizeof *model, sizeof(void *));
  if (!model)
    return pleat_rt_fail(error, PLEAT_STATUS_OUT_OF_MEMORY, "no memory for the model's record");
  model->desc = desc;
  model->level = level;
  model->weights = NULL;
  model->owner = PLEAT_WEIGHTS_BORROWED;
  model->allocator = allocator;
  if ((status = load_weights(model, &options, error))) {
    pleat_rt_model_destroy(model);
    return status;
  }
  log_load(model, &options);
  *out = model;
  return PLEAT_STATUS_OK;
}

void pleat_rt_model_destroy(pleat_model *model) {
  if (!model)
    return;
  pleat_allocator allocator = model->allocator;
  uint64_t bytes = model->desc->weights_bytes;
  if (model->owner == PLEAT_WEIGHTS_MAPPED)
    pleat_rt_file_unmap(model->weights, bytes);
  if (model->owner == PLEAT_WEIGHTS_ALLOCATED)
    allocator.deallocate(allocator.self, (void *)(uintptr_t)model->weights, bytes, PLEAT_WEIGHTS_ALIGNMENT);
  allocator.deallocate(allocator.self, model, sizeof *model, sizeof(void *));
}

pleat_status pleat_rt_model_info(const pleat_model *model, pleat_model_info *info, pleat_error *error) {
  if (!model || !info || info->struct_size < sizeof info->struct_size)
    return pleat_rt_fail(error, PLEAT_STATUS_INVALID_ARGUMENT,
                         "model and info expect addresses and info its struct_size");
  pleat_model_info all = {info->struct_size, (int32_t)model->level->level,
                          model->owner == PLEAT_WEIGHTS_ALLOCATED, model->desc->weights_bytes,
                          pleat_rt_level_name(model->level->level)};
  memcpy(info, &all, info->struct_size < sizeof all ? info->struct_size : sizeof all);
  return PLEAT_STATUS_OK;
}
