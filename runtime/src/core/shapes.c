/* Decides which sizes fit: all arithmetic on sizes is 64-bit and checked here, so that
 * generated code may trust it. */
#include "runtime/src/core/shapes.h"

#include "runtime/src/core/fail.h"

size_t pleat_rt_type_bytes(uint32_t type) {
  switch (type) {
  case PLEAT_U8:
  case PLEAT_I8:
  case PLEAT_BOOL:
    return 1;
  case PLEAT_U16:
  case PLEAT_I16:
  case PLEAT_F16:
  case PLEAT_BF16:
    return 2;
  case PLEAT_F32:
  case PLEAT_I32:
  case PLEAT_U32:
    return 4;
  case PLEAT_I64:
  case PLEAT_F64:
  case PLEAT_U64:
    return 8;
  default:
    return 0;
  }
}

int pleat_rt_multiply(int64_t a, int64_t b, int64_t *product) {
  return !__builtin_mul_overflow(a, b, product);
}

int64_t pleat_rt_axis_size(const pleat_axis *axis, const int64_t *dims, const int64_t *sizes) {
  switch (axis->kind) {
  case PLEAT_AXIS_DIM:
    return dims[axis->value];
  case PLEAT_AXIS_EXPR:
    return sizes[axis->value];
  default:
    return axis->value;
  }
}

pleat_status pleat_rt_element_count(const pleat_tensor_desc *tensor, const int64_t *dims,
                                    const int64_t *sizes, int64_t *count, pleat_error *error) {
  int64_t elements = 1, bytes;
  int empty = 0, fits = 1;
  for (uint32_t i = 0; i < tensor->rank; ++i) {
    int64_t size = pleat_rt_axis_size(&tensor->axes[i], dims, sizes);
    if (size < 0)
      return pleat_rt_fail(error, PLEAT_STATUS_DIM_OUT_OF_RANGE,
                           "tensor '%s' axis %" PRId64 " expects a size of at least 0, but gets %" PRId64,
                           tensor->name, (int64_t)i, size);
    empty |= size == 0;
    fits = fits && pleat_rt_multiply(elements, size, &elements);
  }
  fits = fits && pleat_rt_multiply(elements, (int64_t)pleat_rt_type_bytes(tensor->type), &bytes);
  /* A product that overflows before it meets a 0 is harmless. */
  if (!fits && !empty)
    return pleat_rt_fail(error, PLEAT_STATUS_TOO_LARGE, "tensor '%s' has more bytes than can be addressed",
                         tensor->name);
  *count = empty ? 0 : elements;
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_check_dims(const pleat_model_desc *desc, const int64_t *dims, const int64_t *largest,
                                 pleat_error *error) {
  for (uint32_t i = 0; i < desc->host_dim_count; ++i) {
    const pleat_dim_desc *dim = &desc->dims[i];
    if (dims[i] < dim->lower || dims[i] > largest[i])
      return pleat_rt_fail(error, PLEAT_STATUS_DIM_OUT_OF_RANGE,
                           "dimension '%s' expects %" PRId64 " to %" PRId64
                           " in this session, but got %" PRId64,
                           dim->name, dim->lower, largest[i], dims[i]);
    if (dim->step > 1 && (dims[i] - dim->lower) % dim->step != 0)
      return pleat_rt_fail(error, PLEAT_STATUS_DIM_OUT_OF_RANGE,
                           "dimension '%s' expects %" PRId64 " plus a multiple of %" PRId64
                           ", but got %" PRId64,
                           dim->name, dim->lower, dim->step, dims[i]);
  }
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_check_sizes(const pleat_model_desc *desc, const int64_t *dims, const int64_t *sizes,
                                  pleat_error *error) {
  for (uint32_t i = 0; i < desc->size_check_count; ++i) {
    const pleat_size_check *check = &desc->size_checks[i];
    int64_t first = pleat_rt_axis_size(&check->first, dims, sizes);
    int64_t second = pleat_rt_axis_size(&check->second, dims, sizes);
    if (first != second)
      return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                           "the model expects sizes '%s' and '%s' to be equal, but got %" PRId64
                           " and %" PRId64,
                           check->first_text, check->second_text, first, second);
  }
  return PLEAT_STATUS_OK;
}

static pleat_status check_type_and_rank(const pleat_tensor_desc *desc, const char *kind,
                                        const pleat_tensor *tensor, pleat_error *error) {
  if (tensor->type != (int32_t)desc->type)
    return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                         "%s '%s' expects element type %" PRId64 ", but got %" PRId64, kind, desc->name,
                         (int64_t)desc->type, (int64_t)tensor->type);
  if (tensor->rank != (int32_t)desc->rank)
    return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                         "%s '%s' expects rank %" PRId64 ", but got %" PRId64, kind, desc->name,
                         (int64_t)desc->rank, (int64_t)tensor->rank);
  return PLEAT_STATUS_OK;
}

static pleat_status size_mismatch(const pleat_tensor_desc *desc, const char *kind, uint32_t axis,
                                  int64_t expected, int64_t found, pleat_error *error) {
  return pleat_rt_fail(error, PLEAT_STATUS_SHAPE_MISMATCH,
                       "%s '%s' axis %" PRId64 " expects size %" PRId64 ", but got %" PRId64, kind,
                       desc->name, (int64_t)axis, expected, found);
}

pleat_status pleat_rt_dims_of(const pleat_model_desc *desc, const pleat_tensor *inputs, int64_t *dims,
                              pleat_error *error) {
  for (uint32_t i = 0; i < desc->host_dim_count; ++i)
    dims[i] = -1;
  for (uint32_t i = 0; i < desc->input_count; ++i) {
    const pleat_tensor_desc *input = &desc->inputs[i];
    pleat_status status = check_type_and_rank(input, "input", &inputs[i], error);
    if (status)
      return status;
    for (uint32_t a = 0; a < input->rank; ++a) {
      int64_t size = inputs[i].shape[a];
      if (size < 0)
        return size_mismatch(input, "input", a, 0, size, error);
      if (input->axes[a].kind != PLEAT_AXIS_DIM || input->axes[a].value >= desc->host_dim_count)
        continue;
      int64_t *dim = &dims[input->axes[a].value];
      if (*dim >= 0 && *dim != size)
        return size_mismatch(input, "input", a, *dim, size, error);
      *dim = size;
    }
  }
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_check_tensor(const pleat_tensor_desc *desc, const char *kind,
                                   const pleat_tensor *tensor, const int64_t *dims, const int64_t *sizes,
                                   pleat_error *error) {
  pleat_status status = check_type_and_rank(desc, kind, tensor, error);
  if (status)
    return status;
  for (uint32_t a = 0; a < desc->rank; ++a) {
    int64_t size = pleat_rt_axis_size(&desc->axes[a], dims, sizes);
    if (tensor->shape[a] != size)
      return size_mismatch(desc, kind, a, size, tensor->shape[a], error);
  }
  return PLEAT_STATUS_OK;
}
