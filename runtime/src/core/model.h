/* A loaded model: descriptor, weights in memory, chosen level. */
#ifndef PLEAT_CORE_MODEL_H
#define PLEAT_CORE_MODEL_H

#include "runtime/abi/pleat_abi.h"

/* Where a model's weights image lives and who gives it back. */
typedef enum pleat_weights_owner {
  PLEAT_WEIGHTS_BORROWED,
  PLEAT_WEIGHTS_MAPPED,
  PLEAT_WEIGHTS_ALLOCATED
} pleat_weights_owner;

typedef struct pleat_model {
  const pleat_model_desc *desc;
  const pleat_level_desc *level;
  const uint8_t *weights; /* NULL if the model has none */
  pleat_weights_owner owner;
  pleat_allocator allocator;
} pleat_model;

/* NAME_model_load: checks descriptor, processor and weights in this order. `options` may be
 * NULL. On success *model is to be given to pleat_rt_model_destroy. */
pleat_status pleat_rt_model_load(const pleat_model_desc *desc, const pleat_load_options *options,
                                 pleat_model **model, pleat_error *error);

/* NAME_model_destroy. No session of the model may be left. */
void pleat_rt_model_destroy(pleat_model *model);

/* NAME_model_info: fills as much of `info` as its struct_size covers. */
pleat_status pleat_rt_model_info(const pleat_model *model, pleat_model_info *info, pleat_error *error);

#endif
