/* A model written by hand that uses everything a descriptor can say:
 *
 *   ids: i64[batch][length], x: f32[batch][2 length], bias: f32[]
 *   state hidden: f32[batch], replaced; state history: f32[2][past][batch], appended to
 *   sums: f32[batch] = sum of x + sum of table[ids] + bias + hidden; the next hidden
 *   history gets one row with sums and one with 2 sums
 *   totals: f32[past + 1][batch] = sum over history's first axis, the new row included
 *   rest: i32[batch][length - 4], of no elements at length 4
 *
 * batch 0..4, length 4..16 in steps of 4, past 0..6. The run fills its arena from end to end,
 * so that a checker of memory sees one that is too small. */
#ifndef PLEAT_TEST_PROBE_H
#define PLEAT_TEST_PROBE_H

#include "test/runtime/image.h"

enum { PROBE_ROWS = 10 };

/* The file of the model's weights, in memory. */
image probe_image(uint8_t *bytes);

/* A descriptor of the model that fits probe_image; tests change their copy. */
pleat_model_desc probe_descriptor(void);

/* Loads `desc` with weights borrowed from `weights` and default options; ends the test program
 * if that fails. */
struct pleat_model *probe_load(const pleat_model_desc *desc, image weights);

#endif
