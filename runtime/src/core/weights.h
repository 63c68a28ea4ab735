/* What a weights file must satisfy before anything in it is trusted. */
#ifndef PLEAT_CORE_WEIGHTS_H
#define PLEAT_CORE_WEIGHTS_H

#include "runtime/abi/pleat_abi.h"

/* Checks the header of a file of `bytes` bytes that is to serve `desc`. On success the file is
 * as long as the model expects and its table lies inside it. */
pleat_status pleat_rt_check_header(const pleat_model_desc *desc, const pleat_weights_header *header,
                                   uint64_t bytes, pleat_error *error);

/* Checks the table of the file at `image`, whose header has passed. */
pleat_status pleat_rt_check_table(const pleat_weights_header *header, const uint8_t *image,
                                  pleat_error *error);

/* Compares the content of every tensor with its hash; reads the whole file. */
pleat_status pleat_rt_check_hashes(const pleat_weights_header *header, const uint8_t *image,
                                   pleat_error *error);

#endif
