/* Runs two models, `one` and `two`, which are the same but for their names, in one program;
 * `one` keeps its weights in a file, `two` inside. Prints what differs from 2.5 * x. */
#include "one.h"
#include "two.h"
#include <stdio.h>

int main(int argc, char **argv) {
  const float x[5] = {1, -2, 3, 4, 0};
  float y[5] = {0}, z[5] = {0};
  pleat_error error;
  pleat_load_options load;
  one_model *first = NULL;
  two_model *second = NULL;
  one_session *a = NULL;
  two_session *b = NULL;
  const one_dims dims = {5};
  const two_dims other = {5};
  one_inputs in;
  one_outputs out;
  two_inputs in2;
  two_outputs out2;
  pleat_status status;
  int i, wrong = 0;
  if (argc != 2)
    return 2;
  in.x = x;
  out.y_1 = y;
  in2.x = x;
  out2.y_1 = z;
  pleat_load_options_init(&load);
  load.check_hashes = 1;
  status = two_model_load(&load, &second, &error);
  load.weights_path = argv[1];
  if (!status)
    status = one_model_load(&load, &first, &error);
  if (!status)
    status = one_session_create(first, NULL, NULL, &a, &error);
  if (!status)
    status = two_session_create(second, NULL, NULL, &b, &error);
  if (!status)
    status = one_session_run(a, &in, &out, &dims, &error);
  if (!status)
    status = two_session_run(b, &in2, &out2, &other, &error);
  if (status) {
    printf("%s: %s\n", pleat_status_name(status), error.text);
    return 1;
  }
  for (i = 0; i < 5; ++i)
    wrong += y[i] != 2.5f * x[i] || z[i] != 2.5f * x[i];
  wrong += one_y_1_elements(&dims) != 5;
  one_session_destroy(a);
  two_session_destroy(b);
  one_model_destroy(first);
  two_model_destroy(second);
  printf("wrong: %d\n", wrong);
  return wrong != 0;
}
