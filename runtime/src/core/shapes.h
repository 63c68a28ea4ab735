/* Sizes of tensors at given dimensions, and dimensions from given tensors. */
#ifndef PLEAT_CORE_SHAPES_H
#define PLEAT_CORE_SHAPES_H

#include "runtime/abi/pleat_abi.h"

/* Bytes of one element; 0 for a number that is no pleat_type. */
size_t pleat_rt_type_bytes(uint32_t type);

/* *product = a * b for sizes that are not negative; 0 if the result does not fit. */
int pleat_rt_multiply(int64_t a, int64_t b, int64_t *product);

/* Size of an axis. `sizes` is what eval_sizes wrote for `dims`. */
int64_t pleat_rt_axis_size(const pleat_axis *axis, const int64_t *dims, const int64_t *sizes);

/* Elements of a tensor, checked: no axis is negative and the bytes can be addressed. */
pleat_status pleat_rt_element_count(const pleat_tensor_desc *tensor, const int64_t *dims,
                                    const int64_t *sizes, int64_t *count, pleat_error *error);

/* Checks the host's dimensions against range, step and `largest`. */
pleat_status pleat_rt_check_dims(const pleat_model_desc *desc, const int64_t *dims, const int64_t *largest,
                                 pleat_error *error);

/* Compares the sizes that the model's ops need to be equal. */
pleat_status pleat_rt_check_sizes(const pleat_model_desc *desc, const int64_t *dims, const int64_t *sizes,
                                  pleat_error *error);

/* Checks types and ranks of all inputs and derives the host's dimensions from their shapes;
 * input axes that share a dimension must agree. */
pleat_status pleat_rt_dims_of(const pleat_model_desc *desc, const pleat_tensor *inputs, int64_t *dims,
                              pleat_error *error);

/* Whether a host's tensor has the type and shape that the model takes. `kind` ("input",
 * "output") begins the error text. */
pleat_status pleat_rt_check_tensor(const pleat_tensor_desc *desc, const char *kind,
                                   const pleat_tensor *tensor, const int64_t *dims, const int64_t *sizes,
                                   pleat_error *error);

#endif
